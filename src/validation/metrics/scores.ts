import type { Queryable } from '../../database/connection.ts';
import type { ModelRow } from '../../embedding/models.ts';
import type { Campaign } from '../campaign.ts';
import type { Role } from '../compared-model.ts';
import { spread, type VectorQuery } from '../queries/queries.ts';
import { asOwner } from '../search/as-owner.ts';
import { type FoundRow, tableSource } from '../search/search-source.ts';
import type { QueryComparison } from './comparison.ts';
import { quantile } from './quantile.ts';

/** Deciles of row scores in a model, as stored in reembed.score_distribution. */
export interface ScoreDistribution {
  role: Role;
  /** the k nearest rows of each query, or random rows */
  rows: 'nearest' | 'random';
  /** percentiles 0, 10, ... 100 of the scores */
  deciles: number[];
}

const DECILES = Array.from({ length: 11 }, (_, i) => i / 10);

// Together a hundred thousand scores, whose deciles are accurate to one or two thousandths.
const RANDOM_ROWS = 500;
const RANDOM_QUERIES = 200;

/** Scores of the results, one list per query. */
export function scoresOf(comparisons: readonly QueryComparison[], campaign: Campaign, role: Role): number[][] {
  const { distance } = campaign[role].model;
  return comparisons.map(({ results }) => (role === 'old' ? results.before : results.after).map((row) => scoreOf(distance, row)));
}

/**
 * The score that applications compare with their cut-off: cosine similarity or inner product. For a model with distance l2 it is the
 * negated distance, so that higher is better here too.
 */
export function scoreOf(distance: ModelRow['distance'], row: Pick<FoundRow, 'distance'>): number {
  // pgvector's <#> is the negated inner product.
  return distance === 'cosine' ? 1 - row.distance : 0 - row.distance;
}

/** Computes the distributions of both models. `nearest` is included only if any query found a row. */
export async function distributeScores(
  db: Queryable,
  campaign: Campaign,
  comparisons: readonly QueryComparison[],
): Promise<ScoreDistribution[]> {
  const distributions: ScoreDistribution[] = [];
  for (const role of ['old', 'new'] as const) {
    const nearest = scoresOf(comparisons, campaign, role)
      .flat()
      .sort((a, b) => a - b);
    if (nearest.length > 0) distributions.push({ role, rows: 'nearest', deciles: DECILES.map((share) => quantile(nearest, share)) });
    const random = await randomScores(
      db,
      campaign,
      role,
      comparisons.map(({ query }) => query),
    );
    if (random) distributions.push({ role, rows: 'random', deciles: random });
  }
  return distributions;
}

async function randomScores(db: Queryable, campaign: Campaign, role: Role, queries: readonly VectorQuery[]): Promise<number[] | null> {
  const source = tableSource(campaign, campaign[role]);
  const distance = `unpacked.vector ${source.operator} given.vector`;
  const { rows } = await asOwner(db, campaign).query<{ deciles: number[] | null }>(
    `SELECT percentile_cont($2::float8[]) WITHIN GROUP (ORDER BY scored.score) AS deciles
       FROM (SELECT ${campaign[role].model.distance === 'cosine' ? '1' : '0'} - (${distance}) AS score
               FROM (SELECT (ARRAY[${source.vector}])[1] AS vector FROM ${source.sampledRows}
                      WHERE ${source.isStored} ORDER BY random() LIMIT ${RANDOM_ROWS}) AS unpacked
              CROSS JOIN unnest($1::${source.vectorType}[]) AS given(vector)) AS scored
      WHERE scored.score <= 'infinity'`,
    [spread(queries, RANDOM_QUERIES).map((query) => query[`${role}Vector`]), DECILES],
  );
  return rows[0]?.deciles ?? null;
}
