import type { Queryable } from '../../database/connection.ts';
import type { SearchSource } from './search-source.ts';

// The most that pgvector accepts.
const MOST_CANDIDATES = 1000;

/** SQL of a search like that of reembed_live.nearest_…: candidates from the index, ranked by the exact distance. Parameters: vector, limit. */
export function candidateSql(source: SearchSource & { candidates: NonNullable<SearchSource['candidates']> }): string {
  const { keyOf, operator, count } = source.candidates;
  return `SELECT key, "judgedId", distance
            FROM (SELECT ${source.keyText} AS key, '' AS "judgedId", ${source.vector} ${source.operator} $1::${source.vectorType} AS distance
                    FROM ${source.rows}
                   WHERE ${source.isStored} ${source.isEligible ? `AND ${source.isEligible}` : ''}
                   ORDER BY ${keyOf(source.vector)} ${operator} ${keyOf(`$1::${source.vectorType}`)}
                   LIMIT greatest($2::bigint, ${count})) AS candidate
           ORDER BY distance
           LIMIT $2::bigint`;
}

/** hnsw.ef_search of reembed_live.nearest_… for a number of results; undefined where it has the settings of the session. */
export function candidatesOfIndex({ candidates, shares }: Pick<SearchSource, 'candidates' | 'shares'>, limit: number): number | undefined {
  const examined = candidates?.count ?? (shares && Math.ceil(shares.candidates / shares.leaves));
  return examined === null ? undefined : Math.min(MOST_CANDIDATES, Math.max(examined, limit));
}

/** Runs a search with the settings of reembed_live.nearest_…, which hold for this search only. */
export async function withCandidates<T>(
  client: Queryable,
  source: Pick<SearchSource, 'candidates' | 'shares'>,
  limit: number,
  search: () => Promise<T>,
): Promise<T> {
  const examined = candidatesOfIndex(source, limit);
  if (examined === undefined) return search();
  await client.query(
    `SAVEPOINT reembed_candidates${source.candidates ? '; SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off' : ''}`,
  );
  await client.query("SELECT set_config('hnsw.ef_search', $1, true)", [String(examined)]);
  try {
    return await search();
  } finally {
    await client.query('ROLLBACK TO SAVEPOINT reembed_candidates; RELEASE SAVEPOINT reembed_candidates');
  }
}
