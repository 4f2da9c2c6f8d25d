import type { Queryable } from '../../database/connection.ts';
import type { Campaign } from '../campaign.ts';
import type { Role } from '../compared-model.ts';
import { candidatesOfIndex } from '../search/candidates.ts';
import { indexOfSearch } from '../search/index-search.ts';
import { tableSource } from '../search/search-source.ts';

/** An index whose searches have a setting that trades time for recall. */
export interface SearchSetting {
  index: string;
  /** how many tables with such an index a search reads: the leaves of a partitioned table, otherwise 1 */
  leaves: number;
  /** name of the setting */
  name: 'hnsw.ef_search' | 'ivfflat.probes' | 'candidates';
  /** value of the function that searches, or of the session where it has none */
  present: number;
  /** values to try, ascending; the present one is among them */
  values: number[];
}

interface IndexRow {
  method: string;
  lists: number | null;
  present: string | null;
  leaves: number;
}

// pgvector's default, if its library is not loaded yet.
const DEFAULTS = { 'hnsw.ef_search': 40, 'ivfflat.probes': 1 };
// The largest that pgvector accepts for hnsw.ef_search is 1000.
const LARGEST_EF_SEARCH = 1000;
const DEFAULT_LISTS = 100;
const FEWEST_CANDIDATES = 10;

/**
 * Finds the index that searches of a model read, and the values of its search setting to try: each twice the one before.
 *
 * @param client a connection within a transaction
 * @param vector a query vector of the model, in pgvector's text form
 * @returns undefined if there is no such index, or it is of a method without a known setting
 */
export async function findSearchSetting(
  client: Queryable,
  campaign: Campaign,
  role: Role,
  vector: string,
  k: number,
): Promise<SearchSetting | undefined> {
  const source = tableSource({ ...campaign, isPartial: false }, campaign[role]);
  const index = await indexOfSearch(client, source, vector, k);
  if (index === undefined) return undefined;
  if (campaign[role].candidates) {
    const { candidates: present } = campaign;
    return { index, leaves: 1, name: 'candidates', present, values: doubling(FEWEST_CANDIDATES, LARGEST_EF_SEARCH, present) };
  }
  const { rows } = await client.query<IndexRow>(
    `SELECT m.amname AS method, (SELECT o.option_value::integer FROM pg_options_to_table(c.reloptions) AS o WHERE o.option_name = 'lists') AS lists,
            current_setting(CASE m.amname WHEN 'hnsw' THEN 'hnsw.ef_search' ELSE 'ivfflat.probes' END, true) AS present,
            (SELECT count(*)::integer FROM reembed.leaves(v.relation)) AS leaves
       FROM reembed.vector_column AS v
      CROSS JOIN LATERAL reembed.leaves(v.relation) AS l
       JOIN pg_index AS i ON i.indrelid = l.leaf
       JOIN pg_class AS c ON c.oid = i.indexrelid AND c.relname = $3
       JOIN pg_am AS m ON m.oid = c.relam
      WHERE v.target = $1 AND v.role = $2`,
    [campaign.target, role, index],
  );
  const [row] = rows;
  if (row?.method !== 'hnsw' && row?.method !== 'ivfflat') return undefined;
  const name = row.method === 'hnsw' ? 'hnsw.ef_search' : 'ivfflat.probes';
  const present = candidatesOfIndex(source, k) ?? (Number(row.present) || DEFAULTS[name]);
  const [first, last] = row.method === 'hnsw' ? [10, LARGEST_EF_SEARCH] : [1, row.lists ?? DEFAULT_LISTS];
  return { index, leaves: row.leaves, name, present, values: doubling(first, last, present) };
}

function doubling(first: number, last: number, present: number): number[] {
  const values = [last, present];
  for (let value = first; value < last; value *= 2) values.push(value);
  return [...new Set(values)].sort((a, b) => a - b);
}
