import type pg from 'pg';
import { inTransaction, type Queryable } from '../../database/connection.ts';
import type { Campaign } from '../campaign.ts';
import { indexRecall, LOCK_WAIT, QUERIES_A_PASS } from '../metrics/comparison.ts';
import { standardDeviation } from '../metrics/standard-deviation.ts';
import { spread, type VectorQuery } from '../queries/queries.ts';
import { BadFilter } from '../validation-error.ts';
import { asOwner } from './as-owner.ts';
import { nearestExactly } from './exact-search.ts';
import { inParallel } from './in-parallel.ts';
import { type IterativeScan, nearestByIndex } from './index-search.ts';
import { type FoundRow, filteredSource } from './search-source.ts';

/** Results of searches with a filter, as stored in reembed.validation_filter. */
export interface FilteredSearch {
  filter: string;
  iterativeScan: IterativeScan;
  queries: number;
  /** mean number of rows to be found: k, or all that pass the filter if they are fewer */
  wantedRows: number;
  returnedRows: number;
  /** queries that returned fewer rows than there are to find */
  shortQueries: number;
  indexRecall: number;
  /** mean share of the wanted rows that were returned, over the queries that want some; null if none does */
  returnedShare: number | null;
  /** standard deviations over the queries; null for a single one */
  returnedShareSd: number | null;
  indexRecallSd: number | null;
}

// If few rows pass the filter, an iterative scan visits twenty thousand rows per query.
const MOST_QUERIES = 100;

/**
 * Checks that a filter is a single condition on the columns of the live view: the server must parse it as a whole in two places where only
 * an expression is allowed, and as type boolean. The filter then runs unchanged, with the rights of the table's owner, in READ ONLY
 * transactions. It is never stored to be run again.
 *
 * @throws BadFilter with the server's message
 */
export async function admitFilter(pool: pg.Pool, campaign: Campaign, filter: string): Promise<void> {
  const places = [
    `EXPLAIN SELECT FROM (SELECT * FROM ${campaign.new.view} AS t WHERE (\n${filter}\n)) AS t LIMIT $1::bigint`,
    `EXPLAIN SELECT (\n${filter}\n) IS TRUE, 1 FROM ${campaign.new.view} AS t LIMIT $1::bigint`,
  ];
  await readOnly(pool, filter, async (client) => {
    for (const place of places) await asOwner(client, campaign).query(place, [1]);
  });
}

/**
 * Searches the new index with filters, without and with iterative scan, and compares the number of rows returned with the exact nearest
 * rows that pass the filter.
 *
 * @param search.iterativeScans kinds of iterative scan to try
 * @param search.width number of concurrent searches
 */
export async function searchFiltered(
  pool: pg.Pool,
  campaign: Campaign,
  queries: readonly VectorQuery[],
  search: { filters: readonly string[]; iterativeScans: readonly IterativeScan[]; k: number; width: number },
): Promise<FilteredSearch[]> {
  const { filters, iterativeScans, k, width } = search;
  const asked = spread(queries, MOST_QUERIES);
  const passes = Array.from({ length: Math.ceil(asked.length / QUERIES_A_PASS) }, (_, i) =>
    asked.slice(i * QUERIES_A_PASS, (i + 1) * QUERIES_A_PASS),
  );
  const results: FilteredSearch[] = [];
  for (const filter of filters) {
    const found = (await inParallel(passes, width, (pass) => searchPass(pool, campaign, pass, { filter, iterativeScans, k }))).flat();
    for (const iterativeScan of iterativeScans) {
      const mean = (of: (one: FilteredRows) => number) => found.reduce((sum, one) => sum + of(one), 0) / found.length;
      const returned = (one: FilteredRows) => one.found.get(iterativeScan) ?? [];
      const wanting = found.filter(({ exact }) => exact.length > 0);
      const shares = wanting.map((one) => Math.min(1, returned(one).length / one.exact.length));
      const recalls = found.map((one) => indexRecall(one.exact, returned(one)));
      results.push({
        filter,
        iterativeScan,
        queries: found.length,
        wantedRows: mean(({ exact }) => exact.length),
        returnedRows: mean((one) => returned(one).length),
        shortQueries: found.filter((one) => returned(one).length < one.exact.length).length,
        indexRecall: mean((one) => indexRecall(one.exact, returned(one))),
        returnedShare: shares.length === 0 ? null : shares.reduce((sum, share) => sum + share, 0) / shares.length,
        returnedShareSd: standardDeviation(shares),
        indexRecallSd: standardDeviation(recalls),
      });
    }
  }
  return results;
}

interface FilteredRows {
  exact: FoundRow[];
  found: Map<IterativeScan, FoundRow[]>;
}

async function searchPass(
  pool: pg.Pool,
  campaign: Campaign,
  queries: readonly VectorQuery[],
  { filter, iterativeScans, k }: { filter: string; iterativeScans: readonly IterativeScan[]; k: number },
): Promise<FilteredRows[]> {
  const source = filteredSource(campaign, campaign.new, filter);
  const vectors = queries.map(({ newVector }) => newVector);
  return readOnly(pool, filter, async (client) => {
    const found = queries.map(() => new Map<IterativeScan, FoundRow[]>());
    for (const iterativeScan of iterativeScans) {
      if (iterativeScans.length > 1)
        await client.query('SELECT set_config($1, $2, true)', [`${campaign.indexMethod}.iterative_scan`, iterativeScan]);
      for (const [position, vector] of vectors.entries()) {
        found[position]?.set(iterativeScan, await nearestByIndex(client, source, vector, k));
      }
    }
    // If the index found k rows, at least k rows are within the distance of the farthest of them.
    const bounds = found.map((one) =>
      Math.min(
        ...[...one.values()].map((rows) => (rows.length < k ? Number.POSITIVE_INFINITY : Math.max(...rows.map((row) => row.distance)))),
      ),
    );
    const exact = await nearestExactly(client, source, vectors, k, bounds);
    return found.map((one, position) => ({ found: one, exact: exact[position] ?? [] }));
  });
}

async function readOnly<T>(pool: pg.Pool, filter: string, work: (client: Queryable) => Promise<T>): Promise<T> {
  try {
    return await inTransaction(
      pool,
      async (client) => {
        await client.query('SET TRANSACTION READ ONLY');
        return work(client);
      },
      LOCK_WAIT,
    );
  } catch (error) {
    const { code = '', message } = error as Error & { code?: string };
    // Class 42: syntax, names, types (42501 is a missing privilege). Class 22: values. Class 25: a write. Class 54: nested too deep. Class
    // 0A: not allowed in this place.
    throw /^(42(?!501)|22|25|54|0A)/.test(code) ? new BadFilter(filter, message) : error;
  }
}
