import { createDraw } from '../../storm/draw.ts';

/**
 * Deterministic vectors of one model, one for each version of each row's text, in every required encoding.
 *
 * A vector is assembled from pieces of a seeded pool that are kept in all encodings, so that it costs a few copies and does
 * not distort the measurement. Rows share topics, as texts do; all models of a seed agree on which rows are near each other.
 */
export interface VectorSpace {
  readonly dimensions: number;
  /** numbers, as in the JSON of a provider */
  numbers(id: number, version: number): number[];
  floats(id: number, version: number): Float32Array;
  /** text form, the same in JSON and in pgvector */
  json(id: number, version: number): string;
  /** base64 of little-endian floats, as sent by providers */
  base64(id: number, version: number): string;
  /** copies the big-endian floats of PostgreSQL's binary format into a buffer at an offset; returns the end offset */
  copyTo(target: Buffer, at: number, id: number, version: number): number;
}

const SLOTS = 8;
const TOPICS = 64;
const VARIANTS = 16;
// Share of a piece that is its own; the rest is common to the pieces of its topic.
const OWN_SHARE = 0.7;

/**
 * @param name name of the model; each model has a vector space of its own
 * @param seed the same for all models in which rows are to have the same neighbours
 */
export function createVectorSpace(name: string, dimensions: number, seed: number): VectorSpace {
  const slots = drawPieces(name, dimensions, seed);
  const floats = slots.map((pieces) => pieces.map((piece) => Float32Array.from(piece)));
  // Encoded on demand, because a process needs only one or two encodings.
  const json = lazy(() => slots.map((pieces) => pieces.map((piece) => JSON.stringify(piece).slice(1, -1))));
  const base64 = lazy(() => floats.map((pieces) => pieces.map((piece) => bytesOf(piece).toString('base64'))));
  const bigEndian = lazy(() => floats.map((pieces) => pieces.map((piece) => Buffer.from(bytesOf(piece)).swap32())));

  const chosen = <T>(pools: T[][], id: number, version: number): T[] => {
    const topic = mix(id, version, 0) % TOPICS;
    return pools.map((pool, slot) => pool[topic * VARIANTS + (mix(id, version, slot + 1) % VARIANTS)] as T);
  };

  return {
    dimensions,
    numbers(id, version) {
      const vector: number[] = [];
      // Element by element: flat() takes ten times as long.
      for (const piece of chosen(slots, id, version)) for (let i = 0; i < piece.length; i++) vector.push(piece[i] as number);
      return vector;
    },
    floats(id, version) {
      const vector = new Float32Array(dimensions);
      let at = 0;
      for (const piece of chosen(floats, id, version)) {
        vector.set(piece, at);
        at += piece.length;
      }
      return vector;
    },
    json: (id, version) => `[${chosen(json(), id, version).join()}]`,
    base64: (id, version) => chosen(base64(), id, version).join(''),
    copyTo(target, start, id, version) {
      let at = start;
      for (const piece of chosen(bigEndian(), id, version)) at += piece.copy(target, at);
      return at;
    },
  };
}

/** The pool of pieces of each slot, topic by topic. Vectors have a length of about 1. */
function drawPieces(name: string, dimensions: number, seed: number): number[][][] {
  const draw = createDraw(seed, `vectors of ${name}`);
  // Three floats are 12 bytes or 16 characters of base64, so pieces of that size can be concatenated as text.
  const length = 3 * Math.ceil(dimensions / SLOTS / 3);
  const scale = Math.sqrt(3 / (1 + OWN_SHARE ** 2) / dimensions);
  const uniform = () => draw.between(-1_000_000, 1_000_000) / 1_000_000;
  return Array.from({ length: Math.ceil(dimensions / length) }, (_, slot) => {
    const size = Math.min(length, dimensions - slot * length);
    return Array.from({ length: TOPICS }, () => {
      const topic = Array.from({ length: size }, uniform);
      // Eight decimals, as printed by providers.
      return Array.from({ length: VARIANTS }, () => topic.map((centre) => Number(((centre + OWN_SHARE * uniform()) * scale).toFixed(8))));
    }).flat();
  });
}

/** Hashes three integers to 32 bits. */
export function mix(a: number, b: number, c: number): number {
  let h = Math.imul(a ^ 0x9e3779b9, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 15) ^ b, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 13) ^ c, 0x27d4eb2f);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  return (h ^ (h >>> 13)) >>> 0;
}

function bytesOf(piece: Float32Array): Buffer {
  return Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
}

function lazy<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
