import type { Queryable } from '../../database/connection.ts';
import type { Campaign } from '../campaign.ts';
import { asOwner } from './as-owner.ts';
import { candidateSql, candidatesOfIndex, withCandidates } from './candidates.ts';
import { type FoundRow, liveSource, type SearchSource } from './search-source.ts';

// Without enable_sort = off, a small table would be read through its primary key and sorted, which is exact as well.
const BY_INDEX = `SET LOCAL enable_indexscan = on; SET LOCAL enable_indexonlyscan = off; SET LOCAL enable_bitmapscan = off;
  SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off`;

/** How an index scan continues when a filter leaves too few rows. Access methods without iterative scans support only `off`. */
export type IterativeScan = 'off' | 'strict_order' | 'relaxed_order';

/** Properties of the index on the new vectors that matter to a search. */
export interface IndexState {
  /** whether the index can serve a search in order of distance; otherwise a recall of 1 would mean nothing */
  usable: boolean;
  /** whether the planner chooses it without being forced, for the application's search */
  chosen: boolean;
  /** number of its file, by which the same index is recognised in other runs */
  file: number | null;
  /** the search setting of the session, such as "hnsw.ef_search = 40", or of the function that searches; null for an access method without one */
  searchSetting: string | null;
  /** kinds of iterative scan that this version of pgvector supports for it */
  iterativeScans: IterativeScan[];
}

/**
 * Searches through the index on the vectors, with the settings of reembed_live.nearest_…, or of the session (hnsw.ef_search, ivfflat.probes)
 * where that function has none. If the source groups rows, searches deeper until there are enough groups or the index returns no more rows.
 *
 * @param client a connection within a transaction
 * @param vector query vector of the model, in pgvector's text form
 * @param limit maximum number of rows or groups
 * @returns nearest first; leaves out the same rows as nearestExactly()
 */
export async function nearestByIndex(client: Queryable, source: SearchSource, vector: string, limit: number): Promise<FoundRow[]> {
  await client.query(BY_INDEX);
  for (let depth = limit; ; depth *= 2) {
    const { rows } = await withCandidates(client, source, depth, () =>
      asOwner(client, source).query<FoundRow>(indexedSql(source), [vector, depth]),
    );
    // The cosine distance from a zero vector is NaN, which sorts last and is not a JSON number.
    const found = rows.filter((row) => typeof row.distance === 'number');
    if (!source.isGrouped) return found;
    const groups = nearestOfGroups(found);
    if (groups.length >= limit || rows.length < depth) return groups.slice(0, limit);
  }
}

/** The nearest row of each group. */
function nearestOfGroups(rows: readonly FoundRow[]): FoundRow[] {
  const nearest = new Map<string, FoundRow>();
  // An iterative scan in relaxed order returns rows that are not quite sorted.
  for (const row of rows.toSorted((a, b) => a.distance - b.distance)) if (!nearest.has(row.key)) nearest.set(row.key, row);
  return [...nearest.values()];
}

/**
 * Checks whether nearestByIndex() really reads an index, and whether the application's searches would.
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
  const isServed = async (searched: SearchSource) => (await orderedScan(client, searched, vector, limit)) !== undefined;
  const live = liveSource(campaign, campaign.new);
  const mayChoose = await isServed(live);
  await client.query(BY_INDEX);
  const usable = await isServed(source);
  // The function that searches for candidates leaves the planner no choice.
  const chosen = live.candidates ? usable : mayChoose;
  const file = await client.query<{ file: number | null }>(
    'SELECT pg_relation_filenode(reembed.valid_main_index($1)) AS file FROM reembed.vector_column AS v WHERE v.campaign = $1',
    [campaign.name],
  );
  const { rows } = await client.query<{ name: string; setting: string }>(
    "SELECT name, setting FROM pg_settings WHERE name IN (CASE $1 WHEN 'hnsw' THEN 'hnsw.ef_search' WHEN 'ivfflat' THEN 'ivfflat.probes' END, $1 || '.iterative_scan')",
    [campaign.indexMethod],
  );
  const search = rows.find(({ name }) => !name.endsWith('.iterative_scan'));
  // pgvector before 0.8 has no such setting. ivfflat has no strict order.
  const hasIterative = rows.some(({ name }) => name.endsWith('.iterative_scan'));
  return {
    usable,
    chosen,
    file: file.rows[0]?.file ?? null,
    searchSetting: settingOfFunction(source, limit) ?? (search ? `${search.name} = ${search.setting}` : null),
    iterativeScans: hasIterative ? ['off', campaign.indexMethod === 'hnsw' ? 'strict_order' : 'relaxed_order'] : ['off'],
  };
}

/** What reembed_live.nearest_… sets for a search. */
function settingOfFunction({ candidates, shares }: SearchSource, limit: number): string | undefined {
  if (candidates) return `candidates = ${candidates.count}`;
  if (!shares) return undefined;
  const examined = candidatesOfIndex({ candidates, shares }, limit);
  return `candidates = ${shares.candidates}, hnsw.ef_search = ${examined} in each of ${shares.leaves} partitions`;
}

/**
 * Name of the index that nearestByIndex() reads; undefined if there is none that serves the order of distance.
 *
 * @param client a connection within a transaction
 */
export async function indexOfSearch(client: Queryable, source: SearchSource, vector: string, limit: number): Promise<string | undefined> {
  await client.query(BY_INDEX);
  return (await orderedScan(client, source, vector, limit))?.['Index Name'];
}

interface PlanNode {
  'Index Name'?: string;
  Plans?: PlanNode[];
}

/** The index scan in order of distance in the plan of a search: only such a scan has an entry "Order By". */
async function orderedScan(client: Queryable, source: SearchSource, vector: string, limit: number): Promise<PlanNode | undefined> {
  const { rows } = await asOwner(client, source).query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(
    `EXPLAIN (FORMAT JSON) ${indexedSql(source)}`,
    [vector, limit],
  );
  return rows.flatMap(({ 'QUERY PLAN': [{ Plan }] }) => nodesOf(Plan)).find((node) => 'Order By' in node);
}

function nodesOf(node: PlanNode): PlanNode[] {
  return [node, ...(node.Plans ?? []).flatMap(nodesOf)];
}

function indexedSql(source: SearchSource): string {
  if (source.candidates) return candidateSql({ ...source, candidates: source.candidates });
  return `SELECT ${source.keyText} AS key, '' AS "judgedId", ${source.vector} ${source.operator} $1::${source.vectorType} AS distance
            FROM ${source.rows}
           WHERE ${source.isStored} ${source.isEligible ? `AND ${source.isEligible}` : ''}
           ORDER BY distance
           LIMIT $2::bigint`;
}
