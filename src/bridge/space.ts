import type { Distance } from '../database/element-types.ts';
import { lengthOf, type Matrix } from './matrix.ts';

/** The stored vectors of one model, and the distance that its searches order by. */
export interface Space {
  distance: Distance;
  vectors: Matrix;
}

// Vectors in half precision, or rounded by a provider.
const LENGTH_TOLERANCE = 0.01;

/** Vectors as the map is fitted to them: of length 1 where their length does not count. */
export function unitVectors({ distance, vectors }: Space): Matrix {
  if (distance !== 'cosine') return vectors;
  const values = new Float32Array(vectors.values.length);
  for (let row = 0; row < vectors.rows; row++) {
    const length = lengthOf(vectors, row) || 1;
    for (let c = row * vectors.columns; c < (row + 1) * vectors.columns; c++) values[c] = (vectors.values[c] as number) / length;
  }
  return { ...vectors, values };
}

/** Whether the nearest vectors are those with the largest inner product: a map of the query can only reproduce that order. */
export function isOrderedByProduct({ distance, vectors }: Space): boolean {
  if (distance !== 'l2') return true;
  for (let row = 0; row < vectors.rows; row++) if (Math.abs(lengthOf(vectors, row) - 1) > LENGTH_TOLERANCE) return false;
  return true;
}

/** The distance that pgvector computes for two vectors of these lengths with this inner product. */
export function distanceOf(distance: Distance, product: number, lengths: readonly [number, number]): number {
  const [a, b] = lengths;
  if (distance === 'cosine') return 1 - product / (a * b || 1);
  if (distance === 'inner_product') return -product;
  return Math.sqrt(Math.max(0, a ** 2 + b ** 2 - 2 * product));
}
