import { endianness } from 'node:os';
import { ReembedError } from '../errors.ts';
import { counted } from '../wording.ts';
import type { Encoding } from './encoding.ts';

/** The provider's answer cannot be stored: wrong count, order, size or numbers. */
export class BadAnswer extends ReembedError {
  /** positions of the texts whose vectors are at fault; empty when the answer as a whole is */
  readonly positions: number[];

  constructor(code: string, model: string, message: string, remedy: string, positions: number[] = []) {
    super(code, `the provider of ${model} ${message}`, remedy);
    this.positions = positions;
  }
}

/** One element of the provider's answer. */
export interface AnsweredVector {
  index?: number;
  embedding: unknown;
}

interface Fault {
  code: 'wrong_dimensions' | 'not_finite' | 'zero_vector';
  reason: string;
}

const BYTES = Float32Array.BYTES_PER_ELEMENT;
const IS_LITTLE_ENDIAN = endianness() === 'LE';

/**
 * Checks an answer and puts the vectors in the order of the texts.
 *
 * @param answers elements of the answer, in any order
 * @param count how many texts were sent
 * @param dimensions components every vector must have
 * @param encoding what was asked for; numbers are taken in any case, because some servers know nothing else
 * @returns one vector per text, in the order of the texts
 * @throws BadAnswer for a wrong count, an index that is missing or twice there, wrong dimensions, NaN, infinity or a zero vector
 */
export function checkVectors(
  answers: AnsweredVector[],
  count: number,
  dimensions: number,
  model: string,
  encoding: Encoding = 'float',
): Float32Array[] {
  if (!Array.isArray(answers) || answers.length !== count) {
    throw new BadAnswer(
      'wrong_count',
      model,
      `returned ${Array.isArray(answers) ? counted(answers.length, 'vector') : 'no vectors'} for ${counted(count, 'text')}`,
      'lower EMBED_REQUEST_INPUTS; if it stays, report it to the provider',
    );
  }
  const vectors = new Array<Float32Array | undefined>(count).fill(undefined);
  // One piece of memory for the vectors of an answer: a piece for each takes longer to get than to fill.
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
        `returned vectors that cannot be determined apart (index ${String(answer?.index)})`,
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
        ? faultOf(vector)
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
        : 'look at the text of the row, then npm run retry',
      all ? [] : faulty.map(({ position }) => position),
    );
  }
  return vectors as Float32Array[];
}

/** Writes the little-endian float32 numbers of a base64 text to a place of the buffer; returns how many there are. */
function decode(text: string, into: Buffer, at: number, dimensions: number): number {
  const size = dimensions * BYTES;
  const expected = Buffer.byteLength(text, 'base64');
  // Node passes over what is not base64, so that fewer bytes arrive than a text of that length holds.
  const written = expected === size ? into.write(text, at, size, 'base64') : expected;
  if (written === size && !IS_LITTLE_ENDIAN) into.subarray(at, at + size).swap32();
  return written / BYTES;
}

/** Copies numbers into a vector when there are as many as it has places; returns how many there are. */
function copy(numbers: unknown[], into: Float32Array): number {
  if (numbers.length !== into.length) return numbers.length;
  for (let i = 0; i < into.length; i++) {
    const number = numbers[i];
    // What is no number, such as the null that JSON has for NaN, must not become a zero.
    into[i] = typeof number === 'number' ? number : Number.NaN;
  }
  return numbers.length;
}

function faultOf(vector: Float32Array): Fault | undefined {
  // One pass: the sum is NaN or infinite when a component is, for it cannot overflow on its own, and zero when all of them are.
  let sum = 0;
  for (let i = 0; i < vector.length; i++) sum += Math.abs(vector[i] as number);
  if (!Number.isFinite(sum)) return { code: 'not_finite', reason: 'a vector with NaN or infinity in it' };
  if (sum === 0) return { code: 'zero_vector', reason: 'a zero vector' };
  return undefined;
}
