import type { Queryable } from '../../database/connection.ts';
import { asOwner } from './as-owner.ts';
import type { FoundRow, SearchSource } from './search-source.ts';

// With index paths disabled, the planner can only scan the whole table, which is exact.
const EXACT = `SET LOCAL enable_indexscan = off; SET LOCAL enable_indexonlyscan = off; SET LOCAL enable_bitmapscan = off;
  SET LOCAL enable_seqscan = on; SET LOCAL enable_sort = on`;

/**
 * Finds the exact nearest rows of many queries in one pass over the table. A large vector is stored out of line, and most of the gain comes
 * from fetching it once for all queries instead of once per query.
 *
 * A pass keeps only rows within a bound for each query. The distances to any `limit` rows give a bound that no nearest row exceeds; those
 * of a sample give one that few other rows are within. A query that gets too few rows (the sample was too small, or rows were deleted
 * meanwhile) is searched again without a bound, so the result is exact whatever the bound was.
 *
 * Rows at the same distance are ordered by key in both models, so that copies of a text do not lower the overlap.
 *
 * @param client a connection within a transaction
 * @param vectors query vectors of the model, in pgvector's text form
 * @param limit maximum number of rows per query, or of groups if the source groups rows
 * @param bounds per query, a distance that at least `limit` rows or groups are within; Infinity if unknown
 * @returns per query its rows or groups, nearest first; rows without a vector, without a text, or (cosine) with a zero vector are left out
 */
export async function nearestExactly(
  client: Queryable,
  source: SearchSource,
  vectors: readonly string[],
  limit: number,
  bounds?: readonly number[],
): Promise<FoundRow[][]> {
  await client.query(EXACT);
  const within = bounds ?? (await boundsFromSample(client, source, vectors, limit));
  const found = await searchWithin(client, source, vectors, limit, within);
  const short = vectors.flatMap((_, i) => ((found[i]?.length ?? 0) < limit && within[i] !== Number.POSITIVE_INFINITY ? [i] : []));
  if (short.length === 0) return found;
  const again = await searchWithin(
    client,
    source,
    short.map((i) => vectors[i] as string),
    limit,
    short.map(() => Number.POSITIVE_INFINITY),
  );
  short.forEach((i, position) => {
    found[i] = again[position] ?? [];
  });
  return found;
}

/** Distance of each query from the last of the `limit` nearest rows of a sample; Infinity if the sample has fewer rows. */
async function boundsFromSample(client: Queryable, source: SearchSource, vectors: readonly string[], limit: number): Promise<number[]> {
  if (source.sampledRows === null) return vectors.map(() => Number.POSITIVE_INFINITY);
  const distances = `SELECT q.reembed_query AS query, ${source.isGrouped ? 'min(q.reembed_distance)' : 'q.reembed_distance'} AS distance
                       FROM ${crossJoin(source.sampledRows, source)} ${source.isGrouped ? `GROUP BY q.reembed_query, ${source.keyText}` : ''}`;
  const { rows } = await asOwner(client, source).query<{ query: number; bound: number }>(
    `SELECT query, max(distance) AS bound
       FROM (SELECT query, distance, row_number() OVER (PARTITION BY query ORDER BY distance) AS place FROM (${distances}) AS sampled) AS ranked
      WHERE place <= $3::bigint
      GROUP BY query HAVING count(*) = $3::bigint`,
    [vectors, vectors.map(() => Number.POSITIVE_INFINITY), limit],
  );
  const bounds = vectors.map(() => Number.POSITIVE_INFINITY);
  for (const { query, bound } of rows) bounds[query - 1] = bound;
  return bounds;
}

async function searchWithin(
  client: Queryable,
  source: SearchSource,
  vectors: readonly string[],
  limit: number,
  bounds: readonly number[],
): Promise<FoundRow[][]> {
  const ranked = `SELECT q.reembed_query AS query, ${source.keyText} AS key, coalesce(${source.judgedId}, '') AS "judgedId", q.reembed_distance AS distance,
                         row_number() OVER (PARTITION BY q.reembed_query ORDER BY q.reembed_distance, ${source.keyColumns}) AS place
                    FROM ${crossJoin(source.rows, source)}`;
  // A group takes the place of its nearest row.
  const grouped = `SELECT query, key, min("judgedId") AS "judgedId", min(distance) AS distance, row_number() OVER (PARTITION BY query ORDER BY min(place)) AS place
                     FROM (${ranked}) AS rows GROUP BY query, key`;
  const { rows } = await asOwner(client, source).query<FoundRow & { query: number }>(
    `SELECT query, key, "judgedId", distance
       FROM (${source.isGrouped ? grouped : ranked}) AS ranked
      WHERE place <= $3::bigint
      ORDER BY query, place`,
    [vectors, bounds, limit],
  );
  const found: FoundRow[][] = vectors.map(() => []);
  for (const { query, ...row } of rows) found[query - 1]?.push(row);
  return found;
}

/**
 * SQL that pairs each row t with each query q whose bound it is within. The row's vector is unpacked once, because an array holds its
 * elements unpacked. LATERAL makes the table the outer and the queries the inner side, regardless of the planner's estimates. CASE delays
 * reading the text until the bound has been checked. The cosine distance from a zero vector is NaN, which is within no bound.
 */
function crossJoin(rows: string, { vector, isStored, vectorType, operator, isEligible }: SearchSource): string {
  return `${rows}
     CROSS JOIN LATERAL (SELECT (ARRAY[${vector}])[1] AS reembed_vector OFFSET 0) AS unpacked
     CROSS JOIN LATERAL (SELECT given.query AS reembed_query, unpacked.reembed_vector ${operator} given.vector AS reembed_distance
                           FROM unnest($1::${vectorType}[], $2::float8[]) WITH ORDINALITY AS given(vector, bound, query)
                          WHERE (unpacked.reembed_vector ${operator} given.vector) <= given.bound OFFSET 0) AS q
    WHERE ${isStored} ${isEligible ? `AND CASE WHEN q.reembed_query IS NOT NULL THEN ${isEligible} END` : ''}`;
}
