import { causeText } from '../embedding/disagreement/cause-text.ts';
import { ReembedError } from '../errors.ts';
import { counted, formatNumber } from '../wording.ts';

/** Code by which a disagreement is accepted. */
export const OLD_MODEL_DISAGREES = 'old-model-disagrees';

/** Thrown when the old model returns other vectors for the stored texts than those that are stored. */
export class OldModelDisagrees extends ReembedError {
  /**
   * @param found.cause what the vectors are of; undefined when nothing that was tried fits
   * @param found.option option of `migrate create` that fits
   */
  constructor(
    model: string,
    counts: { disagreeing: number; rows: number; lowest: number },
    found: { cause: string | undefined; option: string | undefined; cost: string },
  ) {
    const { disagreeing, rows, lowest } = counts;
    super(
      'old_model_disagrees',
      `${formatNumber(disagreeing)} of ${counted(rows, 'stored vector')} differ from those that ${model} returns for the same rows (lowest similarity ${lowest.toFixed(4)}): ${causeText(found.cause)} (${found.cost})`,
      `${found.option === undefined ? 'correct --text or --from, or leave --from out' : `create it with ${found.option}`}; to go on anyway: --accept ${OLD_MODEL_DISAGREES} --reason "why"`,
    );
  }
}

/** Thrown when the old model has other dimensions than the column. */
export class OldModelDimensions extends ReembedError {
  constructor(model: string, column: string, dimensions: { model: number; column: number }, cause?: string) {
    const explained = cause === undefined ? '' : `; the stored vectors are of ${cause}`;
    super(
      'old_model_dimensions',
      `${model} returns vectors of ${dimensions.model} dimensions, but those in ${column} have ${dimensions.column}${explained}`,
      'name the model of the stored vectors with --from, or leave --from out',
    );
  }
}
