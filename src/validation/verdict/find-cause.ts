import type { Config } from '../../config.ts';
import { type Database, inOwnTransactions } from '../../database/connection.ts';
import { askModel, isConfigured } from '../../embedding/disagreement/ask-model.ts';
import { type CandidateText, candidateTexts } from '../../embedding/disagreement/candidate-texts.ts';
import { explainDisagreement } from '../../embedding/disagreement/explain.ts';
import type { Campaign } from '../campaign.ts';
import { LOCK_WAIT } from '../metrics/comparison.ts';
import { asOwner } from '../search/as-owner.ts';
import type { Disagreeing, FindCause } from './truth-audit.ts';

/** Returns a function that finds out by trying what old vectors are of, as `migrate create` does. */
export function causeFinder(database: Database, config: Config): FindCause {
  return async (campaign, rows) => {
    const { model } = campaign.old;
    if (!isConfigured(model, 'old', config)) return undefined;
    const db = inOwnTransactions(database.pool, LOCK_WAIT);
    const candidates = await candidateTexts(db, campaign.table, { textColumns: campaign.textColumns, textSql: campaign.textSql });
    const texts = await textsOf(asOwner(db, campaign), campaign, candidates, rows);
    const { cause } = await explainDisagreement({
      model,
      rows: rows.map((row) => ({ ...row, candidates: texts.get(row.key) ?? [] })),
      candidates,
      otherModels: [{ name: campaign.new.model.provider_model, dimensions: campaign.new.model.dimensions }],
      minSimilarity: campaign.thresholds.minAuditSimilarity,
      ask: askModel('old', config),
    });
    return cause;
  };
}

async function textsOf(
  owner: ReturnType<typeof asOwner>,
  campaign: Campaign,
  candidates: readonly CandidateText[],
  rows: readonly Disagreeing[],
): Promise<Map<string, (string | null)[]>> {
  if (candidates.length === 0) return new Map();
  const found = await owner.query<{ key: string; texts: (string | null)[] }>(
    `SELECT (${campaign.keyObject})::text AS key, ARRAY[${candidates.map(({ sql }) => `(${sql})::text`).join(', ')}]::text[] AS texts
       FROM ${campaign.table} AS t WHERE EXISTS (SELECT FROM unnest($1::jsonb[]) AS f(key) WHERE f.key = ${campaign.keyObject})`,
    [rows.map(({ key }) => key)],
  );
  return new Map(found.rows.map(({ key, texts }) => [key, texts]));
}
