import pg from 'pg';
import type { Queryable } from '../database/connection.ts';
import type { Campaign, ComparedModel } from './campaign.ts';

/** A row that a search returned. */
export interface FoundRow {
  key: string;
  /** what judgements call the row: its key, or the column chosen for it */
  judgedId: string;
  distance: number;
}

// With the index path switched off the planner has only the whole table left, which is exact.
const EXACT = `SET LOCAL enable_indexscan = off; SET LOCAL enable_indexonlyscan = off; SET LOCAL enable_bitmapscan = off;
  SET LOCAL enable_seqscan = on; SET LOCAL enable_sort = on`;

// Without enable_sort = off a small table is read through its primary key and sorted, which is exact too.
const BY_INDEX = `SET LOCAL enable_indexscan = on; SET LOCAL enable_indexonlyscan = off; SET LOCAL enable_bitmapscan = off;
  SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off`;

/**
 * The exact nearest rows, by a scan of the whole table. Rows at the same distance come in the order of their key, in
 * both models alike, so that copies of one text do not lower the overlap.
 *
 * @param client a connection within a transaction
 * @param vector query vector of the model, in pgvector's text form
 * @param limit most rows to return
 * @param judgementColumn column that judgements name, instead of the key
 * @returns nearest first; rows without a vector, without a text, or (cosine) with a zero vector are left out
 */
export async function nearestExactly(
  client: Queryable,
  campaign: Campaign,
  compared: ComparedModel,
  vector: string,
  limit: number,
  judgementColumn?: string,
): Promise<FoundRow[]> {
  await client.query(EXACT);
  // The text is looked at in the nearest rows only: unpacking it for every row would cost several times the distances.
  for (let wanted = limit; ; wanted *= 2) {
    const { rows } = await client.query<FoundRow & { hasText: boolean }>(
      `SELECT ${foundColumns(campaign, judgementColumn)}, t.reembed_distance AS distance, ${campaign.hasText} AS "hasText"
         FROM (SELECT t.*, ${distanceSql(compared)} AS reembed_distance
                 FROM ${campaign.table} AS t ${compared.join}
                WHERE ${compared.vector} IS NOT NULL
                ORDER BY reembed_distance, ${campaign.keyColumns}
                LIMIT $2) AS t`,
      [vector, wanted],
    );
    const found = comparable(rows);
    const nearest = found.filter((row) => row.hasText);
    if (nearest.length >= limit || found.length < wanted) return nearest.slice(0, limit);
  }
}

/**
 * What the index on the vectors returns, with the search settings (hnsw.ef_search, ivfflat.probes) as the session has them.
 *
 * Parameters and result are those of nearestExactly().
 */
export async function nearestByIndex(
  client: Queryable,
  campaign: Campaign,
  compared: ComparedModel,
  vector: string,
  limit: number,
): Promise<FoundRow[]> {
  await client.query(BY_INDEX);
  const { rows } = await client.query<FoundRow>(indexedSql(campaign, compared), [vector, limit]);
  return comparable(rows);
}

/** What a search can expect of the index on the new vectors. */
export interface IndexState {
  /** whether a search in the order of distance reads it: without that, a recall of 1 would mean nothing */
  usable: boolean;
  /** the session's search setting, as "hnsw.ef_search = 40"; null for an access method that has none */
  searchSetting: string | null;
}

/**
 * Looks whether nearestByIndex() really reads an index.
 *
 * @param client a connection within a transaction
 * @returns undefined when the campaign has no valid index
 */
export async function inspectIndex(client: Queryable, campaign: Campaign, vector: string, limit: number): Promise<IndexState | undefined> {
  if (campaign.indexMethod === null) return undefined;
  await client.query(BY_INDEX);
  const explained = await client.query<{ 'QUERY PLAN': unknown }>(`EXPLAIN (FORMAT JSON) ${indexedSql(campaign, campaign.new)}`, [
    vector,
    limit,
  ]);
  const settings = await client.query<{ text: string }>(
    "SELECT name || ' = ' || setting AS text FROM pg_settings WHERE name = CASE $1 WHEN 'hnsw' THEN 'hnsw.ef_search' WHEN 'ivfflat' THEN 'ivfflat.probes' END",
    [campaign.indexMethod],
  );
  // Only an index scan in the order of distance has this entry.
  const usable = JSON.stringify(explained.rows[0]?.['QUERY PLAN']).includes('"Order By"');
  return { usable, searchSetting: settings.rows[0]?.text ?? null };
}

/** SQL for the id that judgements give a row under the alias t. */
export function judgedIdSql(campaign: Campaign, judgementColumn?: string): string {
  return judgementColumn ? `t.${pg.escapeIdentifier(judgementColumn)}::text` : campaign.keyText;
}

// A row of a side table has a text, or it would not be there; beside it the names of the text's columns may be ambiguous.
function indexedSql(campaign: Campaign, compared: ComparedModel): string {
  return `SELECT ${foundColumns(campaign)}, ${distanceSql(compared)} AS distance
            FROM ${campaign.table} AS t ${compared.join}
           WHERE ${compared.vector} IS NOT NULL ${compared.join ? '' : `AND ${campaign.hasText}`}
           ORDER BY distance
           LIMIT $2`;
}

function foundColumns(campaign: Campaign, judgementColumn?: string): string {
  return `${campaign.keyText} AS key, coalesce(${judgedIdSql(campaign, judgementColumn)}, '') AS "judgedId"`;
}

function distanceSql(compared: ComparedModel): string {
  return `${compared.vector} ${compared.operator} $1::${compared.vectorType}`;
}

/** The cosine distance from a zero vector is NaN, which sorts behind every other. */
function comparable<T extends FoundRow>(rows: T[]): T[] {
  return rows.filter((row) => !Number.isNaN(row.distance));
}
