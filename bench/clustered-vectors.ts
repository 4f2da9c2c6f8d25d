import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { encodeVectorArray } from '../src/database/binary-vectors.ts';

const TOPICS = 200;
const DIRECTIONS = 32;
const DIRECTIONS_OF_A_VECTOR = 8;
const NOISE_LENGTH = 1 << 20;

/**
 * Reproducible vectors with a distribution like that of embeddings: clustered by topic, spread along few directions,
 * with some noise. The distribution determines how long a nearest-neighbour search takes; uniformly random vectors have
 * no meaningful neighbours.
 */
export function createVectors(dimensions: number, seed: number): () => Float32Array {
  const random = xoroshiro128plus(seed);
  const uniform = () => ((random.next() >>> 0) + 0.5) / 2 ** 32;
  const gauss = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  const many = (count: number) => Array.from({ length: count }, () => Float32Array.from({ length: dimensions }, gauss));
  const topics = many(TOPICS);
  const directions = many(DIRECTIONS);
  const noise = Float32Array.from({ length: NOISE_LENGTH }, gauss);
  const pick = (length: number) => Math.floor(uniform() * length);
  return () => {
    const vector = Float32Array.from(topics[pick(TOPICS)] as Float32Array);
    for (let i = 0; i < DIRECTIONS_OF_A_VECTOR; i++) {
      const direction = directions[pick(DIRECTIONS)] as Float32Array;
      const weight = gauss() / 2;
      for (let d = 0; d < dimensions; d++) vector[d] = (vector[d] as number) + weight * (direction[d] as number);
    }
    const offset = pick(NOISE_LENGTH - dimensions);
    for (let d = 0; d < dimensions; d++) vector[d] = (vector[d] as number) + 0.3 * (noise[offset + d] as number);
    return vector;
  };
}

/** Many vectors as one parameter of type vector[]. */
export function asParameter(next: () => Float32Array, count: number, elementOid: number): Buffer {
  return encodeVectorArray(Array.from({ length: count }, next), elementOid);
}
