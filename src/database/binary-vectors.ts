import { endianness } from 'node:os';

// Words before the elements: number of dimensions, NULL flag, element type, length, lower bound.
const HEADER_WORDS = 5;
const IS_LITTLE_ENDIAN = endianness() === 'LE';

/**
 * Encodes vectors as one parameter of type vector[] in PostgreSQL's binary array format. pg sends a Buffer unchanged, so numbers are never
 * converted to text; `npm run bench:client` measures the saving.
 *
 * Formats: array_send() in PostgreSQL's arrayfuncs.c, vector_send() in pgvector's vector.c; all big-endian.
 *
 * @param vectors the elements; null becomes SQL NULL
 * @param elementOid OID of the type vector in this database
 */
export function encodeVectorArray(vectors: readonly (Float32Array | null)[], elementOid: number): Buffer {
  const size = vectors.reduce((sum, vector) => sum + 1 + (vector ? 1 + vector.length : 0), HEADER_WORDS);
  // The format consists of 32-bit words, so everything is written in this machine's byte order and swapped in one call.
  const words = new Uint32Array(size);
  const components = new Float32Array(words.buffer);
  words.set([1, vectors.includes(null) ? 1 : 0, elementOid, vectors.length, 1]);
  let at = HEADER_WORDS;
  for (const vector of vectors) {
    if (!vector) {
      words[at++] = -1;
      continue;
    }
    words[at++] = 4 + 4 * vector.length;
    // Two 16-bit fields: the dimensions, and an unused one.
    words[at++] = vector.length << 16;
    components.set(vector, at);
    at += vector.length;
  }
  const buffer = Buffer.from(words.buffer);
  return IS_LITTLE_ENDIAN ? buffer.swap32() : buffer;
}

/** Decodes a vector from PostgreSQL's binary format: vector_send() in pgvector's vector.c. */
export function decodeVector(bytes: Buffer): Float32Array {
  // Behind two 16-bit fields: the dimensions, and an unused one. A copy, because views must be aligned.
  const words = Buffer.from(new Uint8Array(bytes.subarray(4)).buffer);
  if (IS_LITTLE_ENDIAN) words.swap32();
  return new Float32Array(words.buffer, words.byteOffset, words.length / 4);
}

/** Encodes components as float32, little-endian, as reembed.bridge holds them. */
export function encodeLittleEndian(components: Float32Array): Buffer {
  const bytes = Buffer.from(Float32Array.from(components).buffer);
  return IS_LITTLE_ENDIAN ? bytes : bytes.swap32();
}
