import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { type Matrix, zeros } from '../../src/bridge/matrix.ts';

/** A source of numbers with the normal distribution; the same seed gives the same numbers. */
export function normalNumbers(seed: number): () => number {
  const generator = xoroshiro128plus(seed);
  const uniform = () => uniformFloat64(generator);
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
}

/** Vectors with components of unequal variance, as those of real models have. */
export function madeUpVectors(rows: number, dimensions: number, seed: number): Matrix {
  const next = normalNumbers(seed);
  const made = zeros(rows, dimensions);
  made.values.forEach((_, i) => {
    made.values[i] = next() / Math.sqrt(1 + (i % dimensions) / 8);
  });
  return made;
}

/** A random matrix with orthonormal rows, or columns where there are fewer of them (Gram–Schmidt). */
export function randomRotation(from: number, to: number, seed: number): Matrix {
  const [short, long] = [Math.min(from, to), Math.max(from, to)];
  const next = normalNumbers(seed);
  const vectors: number[][] = [];
  while (vectors.length < short) {
    const vector = Array.from({ length: long }, next);
    for (const earlier of vectors) {
      const share = earlier.reduce((sum, value, i) => sum + value * (vector[i] as number), 0);
      earlier.forEach((value, i) => {
        vector[i] = (vector[i] as number) - share * value;
      });
    }
    const length = Math.hypot(...vector);
    vectors.push(vector.map((value) => value / length));
  }
  const rotation = zeros(from, to);
  vectors.forEach((vector, s) => {
    vector.forEach((value, l) => {
      rotation.values[from <= to ? s * to + l : l * to + s] = value;
    });
  });
  return rotation;
}
