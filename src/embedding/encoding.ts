import { ProviderUnavailable } from './provider-error.ts';

/** Encoding of vectors in an answer: JSON numbers, or the bytes of little-endian float32 numbers in base64. */
export type Encoding = 'float' | 'base64';

/** A vector, and whether it was encoded as text. */
export interface EncodedVector {
  vector: Float32Array;
  isText: boolean;
}

// JSON decimals are rounded. The tolerance is relative to the largest component, because some servers round all
// components to the same decimal place.
const TOLERANCE = 1e-6;
// Some providers return slightly different vectors for the same text each time.
const TRIES = 3;

/**
 * Requests the vector of the same text in both encodings and compares them. Base64 is several times cheaper to decode, but
 * some servers answer with other numbers or other bytes when it is requested. It is used only if both vectors are equal.
 *
 * @param ask embeds a short text in an encoding and checks the answer
 * @throws any error of the provider for `float`, and ProviderUnavailable: the encoding is then still unknown
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
