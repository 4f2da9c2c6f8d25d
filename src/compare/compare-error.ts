import { ReembedError, UsageError } from '../errors.ts';
import { OLD_MODEL_DISAGREES } from '../plan/old-model-error.ts';
import { counted, formatNumber } from '../wording.ts';

/** Thrown for a candidate that cannot be understood. */
export class BadCandidate extends UsageError {
  constructor(spec: string, reason: string) {
    super(
      `the candidate "${spec}" cannot be used: ${reason}`,
      'name candidates as --models MODEL[:DIMENSIONS][@PROVIDER], separated by commas',
    );
  }
}

/** Thrown when no row has both a text and a vector. */
export class NoVectorsToCompare extends ReembedError {
  constructor(table: string, column: string) {
    super(
      'no_vectors',
      `no row of ${table} has a text and a vector in ${column}`,
      'candidates are compared with the present vectors: name the column that holds them with --column',
    );
  }
}

/** Thrown when the model of the present vectors is not known. */
export class PresentModelUnknown extends UsageError {
  constructor(table: string, column: string) {
    super(
      `the model of the vectors in ${table}.${column} is not known`,
      'name it with --from, or EMBED_OLD_MODEL in .env: it embeds the queries for the present vectors',
    );
  }
}

/** Thrown when a model returns vectors of other dimensions than the candidate names, or than the present vectors have. */
export class OtherDimensions extends ReembedError {
  constructor(model: string, wanted: number, given: number, isPresent: boolean) {
    super(
      'wrong_dimensions',
      `${model} returns vectors of ${given} dimensions, not ${wanted}`,
      isPresent
        ? 'name the model that the present vectors are of with --from'
        : `name it with :${given}, or add --send-dimensions if the model can shorten its vectors`,
    );
  }
}

/** Thrown when the user does not agree to the price. */
export class NotConfirmed extends ReembedError {
  constructor() {
    super('not_confirmed', 'nothing was sent and nothing paid', 'answer with y, or add --yes');
  }
}

/** Thrown when the present model gives other vectors than the stored ones: every candidate would look better. */
export class PresentModelDisagrees extends ReembedError {
  constructor(model: string, disagreeing: number, rows: number) {
    super(
      'old_model_disagrees',
      `${formatNumber(disagreeing)} of ${counted(rows, 'stored vector')} differ from those that ${model} returns for the same rows`,
      `correct --from, --text or --text-sql; to see costs and overlap nevertheless: --accept ${OLD_MODEL_DISAGREES}`,
    );
  }
}
