import type { VectorCache } from '../embedding/cache/vector-cache.ts';
import { agrees, MIN_SIMILARITY, refutesModel, similarity } from '../embedding/similarity.ts';
import { PresentModelDisagrees } from './compare-error.ts';
import type { EmbeddingJob } from './embedding-job.ts';
import type { SampledRow } from './sample.ts';

/** Rows whose text the present model embeds again: if it gives other vectors than the stored ones, its queries find nothing. */
export const CHECKED_ROWS = 10;

/**
 * Compares stored vectors with those that the present model gives for the same texts.
 *
 * @param isAccepted return the disagreement instead of throwing it
 * @returns whether more than a fifth of the rows disagree
 * @throws PresentModelDisagrees
 */
export function checkPresent(
  rows: readonly SampledRow[],
  { model, spaces }: EmbeddingJob,
  cache: VectorCache,
  isAccepted: boolean,
): boolean {
  const similarities = rows.slice(0, CHECKED_ROWS).flatMap(({ text, vector }) => {
    const fresh = cache.get(spaces.document, text);
    return fresh ? [similarity(vector, fresh, model.distance)] : [];
  });
  const disagreeing = similarities.filter((one) => !agrees(one, MIN_SIMILARITY)).length;
  if (!refutesModel(disagreeing, similarities.length)) return false;
  if (isAccepted) return true;
  throw new PresentModelDisagrees(model.name, disagreeing, similarities.length);
}
