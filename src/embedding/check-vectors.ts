import { ReembedError } from '../errors.ts';

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

/**
 * Checks an answer and puts the vectors in the order of the texts.
 *
 * @param answers elements of the answer, in any order
 * @param count how many texts were sent
 * @param dimensions components every vector must have
 * @returns one vector per text, in the order of the texts
 * @throws BadAnswer for a wrong count, an index that is missing or twice there, wrong dimensions, NaN, infinity or a zero vector
 */
export function checkVectors(answers: AnsweredVector[], count: number, dimensions: number, model: string): Float32Array[] {
  if (!Array.isArray(answers) || answers.length !== count) {
    throw new BadAnswer(
      'wrong_count',
      model,
      `returned ${Array.isArray(answers) ? answers.length : 'no'} vectors for ${count} texts`,
      'lower EMBED_REQUEST_INPUTS; if it stays, report it to the provider',
    );
  }
  const vectors = new Array<Float32Array | undefined>(count).fill(undefined);
  const faulty: { position: number; code: string; reason: string }[] = [];
  answers.forEach((answer, place) => {
    const position = answer.index ?? place;
    if (!Number.isInteger(position) || position < 0 || position >= count || vectors[position]) {
      throw new BadAnswer(
        'wrong_order',
        model,
        `returned vectors that cannot be told apart (index ${String(answer.index)})`,
        'report it to the provider; nothing was stored',
      );
    }
    const components: unknown[] = Array.isArray(answer.embedding) ? answer.embedding : [];
    // What is no number, such as the null that JSON has for NaN, must not become a zero.
    const vector = Float32Array.from(components, (component) => (typeof component === 'number' ? component : Number.NaN));
    vectors[position] = vector;
    const fault = faultOf(vector, dimensions);
    if (fault) faulty.push({ position, ...fault });
  });
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

function faultOf(vector: Float32Array, dimensions: number): { code: string; reason: string } | undefined {
  if (vector.length !== dimensions) return { code: 'wrong_dimensions', reason: `${vector.length} dimensions instead of ${dimensions}` };
  if (!vector.every(Number.isFinite)) return { code: 'not_finite', reason: 'a vector with NaN or infinity in it' };
  if (vector.every((component) => component === 0)) return { code: 'zero_vector', reason: 'a zero vector' };
  return undefined;
}
