import { endianness } from 'node:os';

// Dimensions, element type and so on: five words before the elements.
const HEADER_WORDS = 5;
const IS_LITTLE_ENDIAN = endianness() === 'LE';

/**
 * Encodes vectors as one parameter of type vector[] in PostgreSQL's binary array format. pg sends a Buffer as it is,
 * so no number is ever turned into text; `npm run bench:client` shows what that saves.
 *
 * Formats: array_send() in PostgreSQL's arrayfuncs.c, vector_send() in pgvector's vector.c; all big-endian.
 *
 * @param vectors the elements; null becomes SQL NULL
 * @param elementOid OID of the type vector in this database
 */
export function encodeVectorArray(vectors: readonly (Float32Array | null)[], elementOid: number): Buffer {
  const size = vectors.reduce((sum, vector) => sum + 1 + (vector ? 1 + vector.length : 0), HEADER_WORDS);
  // Everything in the format is made of words of 32 bits, so all of it is written as this machine has it and swapped in one go.
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
    // Two fields of 16 bits: the dimensions, and one that is not in use.
    words[at++] = vector.length << 16;
    components.set(vector, at);
    at += vector.length;
  }
  const buffer = Buffer.from(words.buffer);
  return IS_LITTLE_ENDIAN ? buffer.swap32() : buffer;
}
