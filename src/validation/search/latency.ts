import type pg from 'pg';
import { inTransaction, type Queryable } from '../../database/connection.ts';
import type { Campaign } from '../campaign.ts';
import { LOCK_WAIT } from '../metrics/comparison.ts';
import { spread, type VectorQuery } from '../queries/queries.ts';
import { asOwner } from './as-owner.ts';
import { candidateSql, withCandidates } from './candidates.ts';
import { liveSource, type SearchSource } from './search-source.ts';

/** Execution time of one query on the server, in milliseconds. */
export interface SearchTime {
  query: VectorQuery;
  before: number;
  after: number;
}

// A model without an index is searched by scanning the table, so the number of queries must be small.
const MOST_QUERIES = 50;
const SECONDS = 10;

/**
 * Times searches as the application runs them: over the tables of each model's view, with the plan that the planner chooses and the
 * settings of the session. Each search runs twice in a row and the second run counts, so that its data is cached for both models. The time
 * is the execution time on the server, without network and planning.
 *
 * @returns the queries that fitted into the time limit, at most 50
 */
export async function timeSearches(pool: pg.Pool, campaign: Campaign, queries: readonly VectorQuery[], k: number): Promise<SearchTime[]> {
  const times: SearchTime[] = [];
  const endsAt = performance.now() + SECONDS * 1000;
  for (const query of spread(queries, MOST_QUERIES)) {
    if (performance.now() > endsAt) break;
    times.push({
      query,
      ...(await inTransaction(
        pool,
        async (client) => ({
          before: await timeSearch(client, campaign, 'old', query.oldVector, k),
          after: await timeSearch(client, campaign, 'new', query.newVector, k),
        }),
        LOCK_WAIT,
      )),
    });
  }
  return times;
}

/**
 * Milliseconds of a search on the server, the second of two runs, with the planner settings of the transaction.
 *
 * @param vector query vector of the model, in pgvector's text form
 */
export async function timeSearch(client: Queryable, campaign: Campaign, side: 'old' | 'new', vector: string, k: number): Promise<number> {
  const source = liveSource(campaign, campaign[side]);
  const owner = asOwner(client, campaign);
  const search = `EXPLAIN (ANALYZE, TIMING OFF, BUFFERS OFF, FORMAT JSON) ${searchSql(source)}`;
  return withCandidates(client, source, k, async () => {
    await owner.query(search, [vector, k]);
    const { rows } = await owner.query<{ 'QUERY PLAN': [{ 'Execution Time': number }] }>(search, [vector, k]);
    return rows[0]?.['QUERY PLAN'][0]['Execution Time'] ?? Number.NaN;
  });
}

function searchSql({ candidates, ...source }: SearchSource): string {
  if (candidates) return candidateSql({ ...source, candidates });
  return `SELECT ${source.keyText} FROM ${source.rows} ORDER BY ${source.vector} ${source.operator} $1::${source.vectorType} LIMIT $2::bigint`;
}
