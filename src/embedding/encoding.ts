import { ProviderUnavailable } from './provider-error.ts';

/** How a provider is asked to write its vectors: as numbers in JSON, or as the bytes of little-endian float32 numbers in base64. */
export type Encoding = 'float' | 'base64';

/** A vector, and whether it came as text. */
export interface EncodedVector {
  vector: Float32Array;
  isText: boolean;
}

// Decimal numbers are rounded; relative to the largest component, because some servers round all to the same digit.
const TOLERANCE = 1e-6;
// Some providers answer the same text a little otherwise each time.
const TRIES = 3;

/**
 * Asks for the vector of the same text in both encodings. Base64 is several times cheaper to read, but some servers answer
 * with other numbers, or with other bytes, when it is asked for: it is used only when it was proved to be the same vector.
 *
 * @param ask embeds a short text in an encoding, the answer checked
 * @throws whatever the provider says to floats, and ProviderUnavailable: nothing is known then
 */
export async function provenEncoding(ask: (encoding: Encoding) => Promise<EncodedVector>): Promise<Encoding> {
  const { vector: expected } = await ask('float');
  for (let tries = 0; tries < TRIES; tries++) {
    let answer: EncodedVector;
    try {
      answer = await ask('base64');
    } catch (error) {
      if (error instanceof ProviderUnavailable) throw error;
      return 'float';
    }
    if (!answer.isText) return 'float';
    if (isSame(answer.vector, expected)) return 'base64';
  }
  return 'float';
}

function isSame(vector: Float32Array, expected: Float32Array): boolean {
  const largest = expected.reduce((most, component) => Math.max(most, Math.abs(component)), 0);
  return vector.every((component, i) => Math.abs(component - (expected[i] as number)) <= largest * TOLERANCE);
}
