const PARTS = 8;
// Larger requests are divided into more parts, so that three divisions leave every text alone.
const LARGEST_PART = 64;

/** Eight parts of a request; a text that is alone stays alone. */
export function eighths<T>(request: readonly T[]): T[][] {
  const size = Math.min(LARGEST_PART, Math.ceil(request.length / PARTS));
  return Array.from({ length: Math.ceil(request.length / size) }, (_, i) => request.slice(i * size, (i + 1) * size));
}

/** The faulty texts one by one and the others together, or eight parts if the faulty ones are not known. */
export function divide<T>(request: readonly T[], positions: readonly number[]): T[][] {
  if (positions.length === 0 || positions.length >= request.length) return eighths(request);
  const faulty = new Set(positions);
  return [request.filter((_, i) => !faulty.has(i)), ...positions.map((position) => [request[position] as T])];
}
