import type { Distance } from '../database/element-types.ts';

/**
 * Exact nearest rows of each query, by brute force.
 *
 * @param rows vectors of the rows; undefined for a row that has none, which is never found
 * @param queries vectors of the queries
 * @param k how many rows
 * @returns positions of the rows, nearest first; of rows at the same distance the first
 */
export function nearestRows(
  rows: readonly (Float32Array | undefined)[],
  queries: readonly Float32Array[],
  distance: Distance,
  k: number,
): number[][] {
  const scaled = rows.map((row) => row && (distance === 'cosine' ? unit(row) : row));
  const score = distance === 'l2' ? negativeSquaredDistance : dot;
  return queries.map((query) => {
    const sought = distance === 'cosine' ? unit(query) : query;
    const found: { position: number; score: number }[] = [];
    for (const [position, row] of scaled.entries()) {
      if (!row) continue;
      const value = score(row, sought);
      const last = found[k - 1];
      if (last && value <= last.score) continue;
      let at = found.length;
      while (at > 0 && (found[at - 1] as { score: number }).score < value) at -= 1;
      found.splice(at, 0, { position, score: value });
      if (found.length > k) found.pop();
    }
    return found.map(({ position }) => position);
  });
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

function negativeSquaredDistance(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = (a[i] as number) - (b[i] as number);
    sum += difference * difference;
  }
  return -sum;
}

function unit(vector: Float32Array): Float32Array {
  const length = Math.sqrt(dot(vector, vector));
  return length === 0 ? vector : vector.map((component) => component / length);
}
