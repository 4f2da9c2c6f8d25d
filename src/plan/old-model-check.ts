import type { Config } from '../config.ts';
import { askModel, isConfigured } from '../embedding/disagreement/ask-model.ts';
import { explainDisagreement } from '../embedding/disagreement/explain.ts';
import type { NamedModel } from '../embedding/model-catalog.ts';
import type { ModelRow } from '../embedding/models.ts';
import type { Embedded } from '../embedding/provider.ts';
import { agrees, refutesModel, similarity } from '../embedding/similarity.ts';
import { ReembedError } from '../errors.ts';
import { counted } from '../wording.ts';
import { OldModelDimensions, OldModelDisagrees } from './old-model-error.ts';
import type { StoredRows } from './stored-rows.ts';

/** What a comparison of stored vectors with the old model's came to. */
export interface OldModelCheck {
  /** a sentence for the plan */
  finding: string;
  /** undefined when nothing was compared */
  rows: number | undefined;
  disagreeing: number;
  /** the refusal that the caller throws unless it is accepted */
  refusal: OldModelDisagrees | undefined;
}

/** What is compared, and by whom. */
export interface OldModelRequest {
  model: ModelRow;
  /** whether the model has the provider of an old or of a new model */
  role: 'old' | 'new';
  /** name of the column, for messages, and whether its type names its dimensions */
  column: string;
  isTyped: boolean;
  stored: StoredRows;
  minSimilarity: number;
  /** models that the vectors may be of instead, besides the known ones */
  otherModels: readonly NamedModel[];
}

/**
 * Embeds the texts of stored rows with the old model, in one request, and compares the result with what is stored. When they differ, tries
 * to find out why.
 *
 * A provider that is not configured, does not answer or no longer has the model says nothing about the vectors: the finding then says that
 * they were not checked.
 *
 * @throws OldModelDimensions when the column's type names other dimensions than the model returns
 */
export async function checkOldModel(request: OldModelRequest, config: Config): Promise<OldModelCheck> {
  const { model, role, column, stored, minSimilarity, otherModels } = request;
  const { rows, candidates } = stored;
  if (!isConfigured(model, role, config)) return notChecked(`no API key for ${model.name}`);
  if (rows.length === 0) return notChecked('no row has a text and an old vector');
  const ask = askModel(role, config);
  let answer: Embedded;
  try {
    answer = await ask(
      model,
      rows.map(({ text }) => model.document_prefix + text),
    );
  } catch (error) {
    if (!(error instanceof ReembedError)) throw error;
    return notChecked(error.message);
  }
  const compared = rows.map((row, i) => ({ ...row, fresh: answer.vectors[i] ?? new Float32Array() }));
  const similarities = compared.map((row) => similarity(row.stored, row.fresh, model.distance));
  const disagreeing = compared.filter((_, i) => !agrees(similarities[i] ?? 0, minSimilarity));
  const of = counted(rows.length, 'stored vector');
  const agreement = `${rows.length - disagreeing.length} of ${of} agree with ${model.name} (${costText(1, answer.tokens)})`;
  if (!refutesModel(disagreeing.length, rows.length)) {
    const rest = disagreeing.length === 0 ? '' : '; the others may be outdated: the audit of a validation finds how many are';
    return { finding: agreement + rest, rows: rows.length, disagreeing: disagreeing.length, refusal: undefined };
  }
  const { cause, option, requests, tokens } = await explainDisagreement({
    model,
    rows: disagreeing,
    candidates,
    otherModels,
    minSimilarity,
    ask,
  });
  const [fresh, known] = [disagreeing[0]?.fresh.length ?? 0, disagreeing[0]?.stored.length ?? 0];
  if (request.isTyped && fresh !== known) throw new OldModelDimensions(model.name, column, { model: fresh, column: known }, cause);
  const refusal = new OldModelDisagrees(
    model.name,
    { disagreeing: disagreeing.length, rows: rows.length, lowest: Math.min(...similarities) },
    { cause, option, cost: costText(1 + requests, answer.tokens + tokens) },
  );
  return { finding: agreement, rows: rows.length, disagreeing: disagreeing.length, refusal };
}

/** Nothing was compared, because of something that says nothing about the vectors. */
export function notChecked(reason: string): OldModelCheck {
  return { finding: `not checked: ${reason}`, rows: undefined, disagreeing: 0, refusal: undefined };
}

function costText(requests: number, tokens: number): string {
  return `${counted(requests, 'request')}, ${counted(tokens, 'token')}`;
}
