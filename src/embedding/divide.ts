/** How often a text may be sent because another one of its request, or the provider, fails. */
export const MOST_SENDS_OF_A_GOOD_TEXT = 5;

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

/**
 * Whether a request that is too large may be halved, which finds a limit more exactly: if one of its texts is refused for its own size
 * instead, divisions by eight must still find it before the others were sent too often.
 *
 * @param sent how often it was sent already
 */
export function mayHalve(texts: number, sent: number): boolean {
  return sent + 1 + Math.ceil(Math.log2(texts / 2) / Math.log2(PARTS)) <= MOST_SENDS_OF_A_GOOD_TEXT;
}
