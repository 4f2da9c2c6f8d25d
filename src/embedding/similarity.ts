import type { Distance } from '../database/element-types.ts';

/** Default of reembed.setting.min_audit_similarity, for a table that has no settings yet. */
export const MIN_SIMILARITY = 0.999;

// A few outdated rows say nothing about the model.
const MOST_DISAGREEING = 0.2;

/** Whether so many of some stored vectors disagree that they are not of the model. */
export function refutesModel(disagreeing: number, rows: number): boolean {
  return disagreeing > MOST_DISAGREEING * rows;
}

// As in reembed.judge_audit().
const TOLERANCE = 1e-9;

/** Whether a stored and a fresh vector count as equal. */
export function agrees(similarity: number, minSimilarity: number): boolean {
  return similarity >= minSimilarity - TOLERANCE;
}

/**
 * Cosine similarity of two vectors. If the distance of the model depends on lengths, twice the inner product divided by the sum of the
 * squared lengths: equal to the cosine for vectors of equal length, lower if the lengths differ.
 *
 * @returns -1 to 1; 0 if one of them is zero or their dimensions differ
 */
export function similarity(stored: ArrayLike<number>, fresh: ArrayLike<number>, distance: Distance): number {
  if (stored.length !== fresh.length) return 0;
  let product = 0;
  let first = 0;
  let second = 0;
  for (let i = 0; i < stored.length; i++) {
    const [a, b] = [stored[i] as number, fresh[i] as number];
    product += a * b;
    first += a * a;
    second += b * b;
  }
  if (first === 0 || second === 0) return 0;
  return distance === 'cosine' ? product / Math.sqrt(first * second) : (2 * product) / (first + second);
}
