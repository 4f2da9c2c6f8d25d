import { endianness } from 'node:os';
import { ReembedError } from '../errors.ts';
import { counted } from '../wording.ts';
import type { Encoding } from './encoding.ts';

/** The provider's answer cannot be stored: wrong count, order, size or numbers. */
export class BadAnswer extends ReembedError {
  /** positions of the texts whose vectors are wrong; empty when the answer as a whole is wrong */
  readonly positions: number[];

  constructor(code: string, model: string, message: string, remedy: string, positions: number[] = []) {
    super(code, `the provider of ${model} ${message}`, remedy);
    this.positions = positions;
  }
}

/** What an answer must be. */
export interface ExpectedAnswer {
  model: string;
  /** number of texts sent */
  count: number;
  /** number of components that every vector must have */
  dimensions: number;
  /** requested encoding (default: float); JSON numbers are always accepted, because some servers know no other encoding */
  encoding?: Encoding;
  /** absolute value that every component must be below, because the type it is stored as cannot hold it (default: none) */
  limit?: number;
}

/** One element of the provider's answer. */
export interface AnsweredVector {
  index?: number;
  embedding: unknown;
}

interface Fault {
  code: 'wrong_dimensions' | 'not_finite' | 'zero_vector' | 'out_of_range';
  reason: string;
}

const BYTES = Float32Array.BYTES_PER_ELEMENT;
const IS_LITTLE_ENDIAN = endianness() === 'LE';

/**
 * Checks an answer and returns the vectors in the order of the texts.
 *
 * @param answers elements of the answer, in any order
 * @returns one vector per text, in the order of the texts
 * @throws BadAnswer for a wrong count, a missing or repeated index, wrong dimensions, NaN, infinity, a zero vector or a component out of range
 */
export function checkVectors(
  answers: AnsweredVector[],
  { model, count, dimensions, encoding = 'float', limit = Number.POSITIVE_INFINITY }: ExpectedAnswer,
): Float32Array[] {
  if (!Array.isArray(answers) || answers.length !== count) {
    throw new BadAnswer(
      'wrong_count',
      model,
      `returned ${Array.isArray(answers) ? counted(answers.length, 'vector') : 'no vectors'} for ${counted(count, 'text')}`,
      'lower EMBED_REQUEST_INPUTS; if the error persists, report it to the provider',
    );
  }
  const vectors = new Array<Float32Array | undefined>(count).fill(undefined);
  // One allocation for all vectors of an answer: separate allocations would take longer than filling them.
  const components = new Float32Array(count * dimensions);
  const bytes = Buffer.from(components.buffer);
  const faulty: (Fault & { position: number })[] = [];
  for (let place = 0; place < count; place++) {
    const answer = answers[place];
    const position = answer?.index ?? place;
    if (!Number.isInteger(position) || position < 0 || position >= count || vectors[position]) {
      throw new BadAnswer(
        'wrong_order',
        model,
        `returned vectors that cannot be matched to their texts (index ${String(answer?.index)})`,
        'report it to the provider; nothing was stored',
      );
    }
    const from = position * dimensions;
    const vector = components.subarray(from, from + dimensions);
    vectors[position] = vector;
    const embedding = answer?.embedding;
    const found =
      encoding === 'base64' && typeof embedding === 'string'
        ? decode(embedding, bytes, from * BYTES, dimensions)
        : copy(Array.isArray(embedding) ? embedding : [], vector);
    const fault =
      found === dimensions
        ? faultOf(vector, limit)
        : { code: 'wrong_dimensions' as const, reason: `${found} dimensions instead of ${dimensions}` };
    if (fault) faulty.push({ position, ...fault });
  }
  const first = faulty[0];
  if (first) {
    const all = faulty.length === count && first.code === 'wrong_dimensions';
    throw new BadAnswer(
      first.code,
      model,
      `returned ${first.reason}${count > 1 ? ` (${faulty.length} of ${count} texts)` : ''}`,
      first.code === 'wrong_dimensions'
        ? 'create the campaign with the dimensions the model has, or with --send-dimensions'
        : first.code === 'out_of_range'
          ? 'store the vectors of this model as vector instead of halfvec'
          : 'check the text of the row, then run npm run retry',
      all ? [] : faulty.map(({ position }) => position),
    );
  }
  return vectors as Float32Array[];
}

/** Decodes little-endian float32 numbers from base64 into the buffer at an offset; returns how many there are. */
function decode(text: string, into: Buffer, at: number, dimensions: number): number {
  const size = dimensions * BYTES;
  const expected = Buffer.byteLength(text, 'base64');
  // Node skips characters that are not base64, so fewer bytes are written than the length of such a text implies.
  const written = expected === size ? into.write(text, at, size, 'base64') : expected;
  if (written === size && !IS_LITTLE_ENDIAN) into.subarray(at, at + size).swap32();
  return written / BYTES;
}

/** Copies numbers into a vector if the counts match; returns how many numbers there are. */
function copy(numbers: unknown[], into: Float32Array): number {
  if (numbers.length !== into.length) return numbers.length;
  for (let i = 0; i < into.length; i++) {
    const number = numbers[i];
    // A value that is not a number, such as null, which is how JSON encodes NaN, must not become a zero.
    into[i] = typeof number === 'number' ? number : Number.NaN;
  }
  return numbers.length;
}

function faultOf(vector: Float32Array, limit: number): Fault | undefined {
  // A single pass is enough: the sum is NaN or infinite if a component is (it cannot overflow otherwise), and zero if
  // all components are zero.
  let sum = 0;
  for (let i = 0; i < vector.length; i++) sum += Math.abs(vector[i] as number);
  if (!Number.isFinite(sum)) return { code: 'not_finite', reason: 'a vector with NaN or infinity in it' };
  if (sum === 0) return { code: 'zero_vector', reason: 'a zero vector' };
  if (sum >= limit && vector.some((component) => Math.abs(component) >= limit))
    return { code: 'out_of_range', reason: 'a vector with a component that the type halfvec cannot hold' };
  return undefined;
}
