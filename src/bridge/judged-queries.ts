import type { Queryable } from '../database/connection.ts';
import { ProviderUnavailable } from '../embedding/provider-error.ts';
import { messageOf } from '../errors.ts';
import type { Campaign } from '../validation/campaign.ts';
import { checkJudgements, type Judgements } from '../validation/queries/judgements.ts';
import type { QuerySource } from '../validation/queries/queries.ts';
import { type Embedder, readTexts } from '../validation/queries/read-queries.ts';
import { OldModelUnavailable } from '../validation/validation-error.ts';
import type { JudgedQueries } from './judged-figures.ts';

/** Where judged queries come from, and what embeds them. */
export interface JudgedSource {
  queries: QuerySource;
  judgements: Judgements;
  /** column that holds the ids of the judgements; default: the key */
  judgementColumn?: string | undefined;
  embedder: Embedder;
}

/**
 * Reads judged queries and embeds them with both models, or with the new one alone if the old one cannot be called.
 *
 * @throws errors of readTexts(), checkJudgements() and the embedder
 */
export async function askModels(
  db: Queryable,
  campaign: Campaign,
  { queries, judgements, judgementColumn, embedder }: JudgedSource,
  seed: number,
  notice: (line: string) => void,
): Promise<JudgedQueries> {
  const names = { judgementColumn };
  const all = await readTexts(db, campaign, { queries, judgements, sliceBy: [], seed });
  const texts = all.filter(({ id }) => judgements.has(id));
  await checkJudgements(
    db,
    campaign,
    judgements,
    all.map(({ id }) => id),
    names,
  );
  const wanted = texts.map(({ text }) => text);
  const newVectors = await embedder(campaign.new.model, wanted, 'query', 'new');
  const judged = { texts, judgements, newVectors, names, seed };
  if (campaign.oldModelGone) return { ...judged, oldVectors: null };
  try {
    return { ...judged, oldVectors: await embedder(campaign.old.model, wanted, 'query', 'old') };
  } catch (error) {
    if (!(error instanceof OldModelUnavailable || error instanceof ProviderUnavailable)) throw error;
    notice(`the bridge is not compared with the old model, which cannot be called: ${messageOf(error)}`);
    return { ...judged, oldVectors: null };
  }
}
