import type pg from 'pg';
import { inTransaction, type Queryable } from '../database/connection.ts';
import { asOwner } from './as-owner.ts';
import type { Campaign } from './campaign.ts';
import { LOCK_WAIT } from './comparison.ts';
import { spread, type VectorQuery } from './queries.ts';
import { liveSource } from './search-source.ts';

/** How long one query took on the server, in milliseconds. */
export interface SearchTime {
  query: VectorQuery;
  before: number;
  after: number;
}

// A model without an index is searched by reading the table: then few queries have to do.
const MOST_QUERIES = 50;
const SECONDS = 10;

/**
 * Times searches as the application makes them: of what the view of each model is made of, by the plan that the planner chooses, under
 * the settings of the session. Each is made twice in a row, the second one counts, so that what it needs is in memory for both
 * models. The time is that of execution on the server, without the network and without planning.
 *
 * @returns the queries there was time for, at most 50
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

async function timeSearch(client: Queryable, campaign: Campaign, side: 'old' | 'new', vector: string, k: number): Promise<number> {
  const { rows: from, vector: column, operator, vectorType, keyText } = liveSource(campaign, campaign[side]);
  const owner = asOwner(client, campaign);
  const search = `EXPLAIN (ANALYZE, TIMING OFF, BUFFERS OFF, FORMAT JSON)
    SELECT ${keyText} FROM ${from} ORDER BY ${column} ${operator} $1::${vectorType} LIMIT $2::bigint`;
  await owner.query(search, [vector, k]);
  const { rows } = await owner.query<{ 'QUERY PLAN': [{ 'Execution Time': number }] }>(search, [vector, k]);
  return rows[0]?.['QUERY PLAN'][0]['Execution Time'] ?? Number.NaN;
}
