import type { Queryable } from '../database/connection.ts';
import { asOwner } from './as-owner.ts';
import type { Campaign } from './campaign.ts';
import { type FoundRow, liveSource, type SearchSource } from './search-source.ts';

// Without enable_sort = off a small table is read through its primary key and sorted, which is exact too.
const BY_INDEX = `SET LOCAL enable_indexscan = on; SET LOCAL enable_indexonlyscan = off; SET LOCAL enable_bitmapscan = off;
  SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off`;

/** How an index goes on looking when a filter leaves too few rows; access methods that cannot have `off` alone. */
export type IterativeScan = 'off' | 'strict_order' | 'relaxed_order';

/** What a search can expect of the index on the new vectors. */
export interface IndexState {
  /** whether a search in the order of distance can be served by it: without that, a recall of 1 would mean nothing */
  usable: boolean;
  /** whether the planner takes it of its own accord, for the search that the application makes */
  chosen: boolean;
  /** the session's search setting, as "hnsw.ef_search = 40"; null for an access method that has none */
  searchSetting: string | null;
  /** kinds of iterative scan that this version of pgvector has for it */
  iterativeScans: IterativeScan[];
}

/**
 * What the index on the vectors returns, with the search settings (hnsw.ef_search, ivfflat.probes) as the session has them.
 *
 * @param client a connection within a transaction
 * @param vector query vector of the model, in pgvector's text form
 * @param limit most rows to return
 * @returns nearest first; rows that nearestExactly() leaves out are left out here
 */
export async function nearestByIndex(client: Queryable, source: SearchSource, vector: string, limit: number): Promise<FoundRow[]> {
  await client.query(BY_INDEX);
  const { rows } = await asOwner(client, source).query<FoundRow>(indexedSql(source), [vector, limit]);
  // The cosine distance from a zero vector is NaN, which sorts behind every other and is none of JSON's numbers.
  return rows.filter((row) => typeof row.distance === 'number');
}

/**
 * Looks whether nearestByIndex() really reads an index, and whether the application's searches would.
 *
 * @param client a connection within a transaction that has not searched before
 * @returns undefined when the campaign has no valid index
 */
export async function inspectIndex(
  client: Queryable,
  campaign: Campaign,
  source: SearchSource,
  vector: string,
  limit: number,
): Promise<IndexState | undefined> {
  if (campaign.indexMethod === null) return undefined;
  const isServed = async (searched: SearchSource) => {
    const { rows } = await asOwner(client, searched).query<{ 'QUERY PLAN': unknown }>(`EXPLAIN (FORMAT JSON) ${indexedSql(searched)}`, [
      vector,
      limit,
    ]);
    return readsInOrder(rows[0]?.['QUERY PLAN']);
  };
  const chosen = await isServed(liveSource(campaign, campaign.new));
  await client.query(BY_INDEX);
  const usable = await isServed(source);
  const { rows } = await client.query<{ name: string; setting: string }>(
    "SELECT name, setting FROM pg_settings WHERE name IN (CASE $1 WHEN 'hnsw' THEN 'hnsw.ef_search' WHEN 'ivfflat' THEN 'ivfflat.probes' END, $1 || '.iterative_scan')",
    [campaign.indexMethod],
  );
  const search = rows.find(({ name }) => !name.endsWith('.iterative_scan'));
  // pgvector before 0.8 has no such setting; ivfflat has no strict order.
  const hasIterative = rows.some(({ name }) => name.endsWith('.iterative_scan'));
  return {
    usable,
    chosen,
    searchSetting: search ? `${search.name} = ${search.setting}` : null,
    iterativeScans: hasIterative ? ['off', campaign.indexMethod === 'hnsw' ? 'strict_order' : 'relaxed_order'] : ['off'],
  };
}

/** Whether a plan has an index scan in the order of distance: only such a scan has this entry. */
export function readsInOrder(plan: unknown): boolean {
  return JSON.stringify(plan).includes('"Order By"');
}

function indexedSql(source: SearchSource): string {
  return `SELECT ${source.keyText} AS key, '' AS "judgedId", ${source.vector} ${source.operator} $1::${source.vectorType} AS distance
            FROM ${source.rows}
           WHERE ${source.vector} IS NOT NULL ${source.isEligible ? `AND ${source.isEligible}` : ''}
           ORDER BY distance
           LIMIT $2::bigint`;
}
