import type pg from 'pg';
import { inTransaction, type Queryable } from '../database/connection.ts';
import { asOwner } from './as-owner.ts';
import type { Campaign } from './campaign.ts';
import { indexRecall, LOCK_WAIT, QUERIES_A_PASS } from './comparison.ts';
import { nearestExactly } from './exact-search.ts';
import { inParallel } from './in-parallel.ts';
import { type IterativeScan, nearestByIndex } from './index-search.ts';
import { spread, type VectorQuery } from './queries.ts';
import { type FoundRow, filteredSource } from './search-source.ts';
import { BadFilter } from './validation-error.ts';

/** What searches with a filter bring, as reembed.validation_filter holds it. */
export interface FilteredSearch {
  filter: string;
  iterativeScan: IterativeScan;
  queries: number;
  /** mean number of rows there are to find: k, or all that pass the filter */
  wantedRows: number;
  returnedRows: number;
  /** queries that got fewer rows than there are to find */
  shortQueries: number;
  indexRecall: number;
}

// Where few rows pass, an iterative scan looks at twenty thousand for each query.
const MOST_QUERIES = 100;

/**
 * Sees that a filter is one condition on the columns of the live view, and nothing else: the server itself must find it whole
 * in two places where only an expression can stand, and of type boolean. It is then run, as it stands, with the rights of the table's owner, in
 * transactions that are READ ONLY; it is never stored to be run again.
 *
 * @throws BadFilter with what the server says
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
 * Searches the new index with filters, without and with iterative scan, and counts what comes back against the exact
 * nearest rows that pass the filter.
 *
 * @param iterativeScans kinds of iterative scan to try
 * @param width searches at a time
 */
export async function searchFiltered(
  pool: pg.Pool,
  campaign: Campaign,
  queries: readonly VectorQuery[],
  filters: readonly string[],
  iterativeScans: readonly IterativeScan[],
  { k, width }: { k: number; width: number },
): Promise<FilteredSearch[]> {
  const asked = spread(queries, MOST_QUERIES);
  const passes = Array.from({ length: Math.ceil(asked.length / QUERIES_A_PASS) }, (_, i) =>
    asked.slice(i * QUERIES_A_PASS, (i + 1) * QUERIES_A_PASS),
  );
  const results: FilteredSearch[] = [];
  for (const filter of filters) {
    const found = (await inParallel(passes, width, (pass) => searchPass(pool, campaign, pass, filter, iterativeScans, k))).flat();
    for (const iterativeScan of iterativeScans) {
      const mean = (of: (one: FilteredRows) => number) => found.reduce((sum, one) => sum + of(one), 0) / found.length;
      const returned = (one: FilteredRows) => one.found.get(iterativeScan) ?? [];
      results.push({
        filter,
        iterativeScan,
        queries: found.length,
        wantedRows: mean(({ exact }) => exact.length),
        returnedRows: mean((one) => returned(one).length),
        shortQueries: found.filter((one) => returned(one).length < one.exact.length).length,
        indexRecall: mean((one) => indexRecall(one.exact, returned(one))),
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
  filter: string,
  iterativeScans: readonly IterativeScan[],
  k: number,
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
    // Where the index found k rows, so many are within the distance of the farthest of them.
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
    // Class 42: syntax, names, types (42501 is a missing right); 22: values; 25: a write; 54: too deep; 0A: what may not stand there.
    throw /^(42(?!501)|22|25|54|0A)/.test(code) ? new BadFilter(filter, message) : error;
  }
}
