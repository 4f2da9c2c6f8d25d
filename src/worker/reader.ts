import pg from 'pg';
import { inOwnTransactions } from '../database/connection.ts';
import { keyFromObject, keyList, keyObject, type VectorColumn, type WorkTarget } from './target.ts';

/** A row to be embedded. */
export interface SourceRow {
  /** key as it stands in stale_row */
  key: Record<string, unknown>;
  /** the same as JSON text: what is sent back to find the row */
  keyText: string;
  text: string | null;
  /** reembed.text_hash() of the text: the fence of the write */
  textHash: string | null;
}

/** A note that a row's vectors are out of date. */
export interface StaleRow extends SourceRow {
  needsNew: boolean;
  needsOld: boolean;
  /** reembed.has_text() of the text: what is blank is decided in one place */
  hasText: boolean;
  version: string;
  /** false when the row is not in the table any more */
  exists: boolean;
}

/**
 * Rows of a block range that have a text but no vector yet.
 *
 * @param firstBlock first heap block
 * @param lastBlock last heap block, included
 * @param limit most rows to read
 */
export async function readBlocks(
  pool: pg.Pool,
  target: WorkTarget,
  vector: VectorColumn,
  firstBlock: string,
  lastBlock: string,
  limit?: number,
): Promise<SourceRow[]> {
  const db = inOwnTransactions(pool);
  const { rows } = await db.query<Omit<SourceRow, 'key'>>(
    `SELECT s."keyText", s.text, reembed.text_hash(s.text)::text AS "textHash"
       FROM (SELECT ${keyObject(target, 't')}::text AS "keyText", (${target.textSql})::text AS text
               FROM ${target.table} AS t
              WHERE t.ctid >= format('(%s,0)', $1::bigint)::tid AND t.ctid < format('(%s,0)', $2::bigint + 1)::tid
                AND t.${pg.escapeIdentifier(vector.column)} IS NULL) AS s
      WHERE reembed.has_text(s.text)
        AND NOT EXISTS (SELECT FROM reembed.failed_row AS f WHERE f.target = $3 AND f.key = s."keyText"::jsonb AND f.model = $4)
      LIMIT $5`,
    [firstBlock, lastBlock, target.name, vector.model, limit ?? null],
  );
  return rows.map(withKey);
}

/**
 * The longest-waiting notes that want a role's vector, or nothing any more, with the present text of their rows. A row that the application holds locked is
 * left for later: embedding a text that is about to change would be paid for twice.
 */
export async function readStale(pool: pg.Pool, target: WorkTarget, role: VectorColumn['role'], limit: number): Promise<StaleRow[]> {
  const db = inOwnTransactions(pool);
  const { rows } = await db.query<Omit<StaleRow, 'key'>>(
    `WITH note AS MATERIALIZED (
       SELECT key, needs_new, needs_old, version FROM reembed.stale_row
        WHERE target = $1 AND CASE WHEN $3 = 'old' THEN needs_old ELSE needs_new OR NOT needs_old END ORDER BY version LIMIT $2
     ), present AS MATERIALIZED (
       SELECT ${keyObject(target, 't')} AS key, (${target.textSql})::text AS text
         FROM ${target.table} AS t
        WHERE (${keyList(target, 't')}) IN (SELECT ${keyFromObject(target, 'note.key')} FROM note)
          FOR NO KEY UPDATE SKIP LOCKED
     ), visible AS (
       SELECT ${keyObject(target, 't')} AS key
         FROM ${target.table} AS t
        WHERE (${keyList(target, 't')}) IN (SELECT ${keyFromObject(target, 'note.key')} FROM note)
     )
     SELECT n.key::text AS "keyText", n.needs_new AS "needsNew", n.needs_old AS "needsOld", n.version::text AS version,
            p.key IS NOT NULL AS exists, p.text, reembed.text_hash(p.text)::text AS "textHash", reembed.has_text(p.text) AS "hasText"
       FROM note AS n
       LEFT JOIN present AS p ON p.key = n.key
      WHERE p.key IS NOT NULL OR NOT EXISTS (SELECT FROM visible AS v WHERE v.key = n.key)
      ORDER BY n.version`,
    [target.name, limit, role],
  );
  return rows.map(withKey);
}

function withKey<T extends { keyText: string }>(row: T): T & { key: Record<string, unknown> } {
  return { ...row, key: JSON.parse(row.keyText) as Record<string, unknown> };
}
