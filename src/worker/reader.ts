import type { Queryable } from '../database/connection.ts';
import { compiled, type VectorColumn, type WorkTarget } from './target.ts';

/** A row to be embedded. */
export interface SourceRow {
  /** key as JSON text, as it stands in failed_row: what is sent back to find the row */
  keyText: string;
  text: string | null;
  /** reembed.text_hash() of the text, and the version of the row (xmin): the fence of the write */
  textHash: string | null;
  version: string | null;
  /** why the row's text cannot be had, where it is an expression that fails on it */
  failure: string | null;
  /** it failed before, so that its failing again says nothing against the provider */
  hasFailed?: boolean;
}

/** A row of a batch. */
export interface BatchRow extends SourceRow {
  /** rows of one wave are in different pages of the table, where its own column is written */
  wave: number;
}

/** A row whose vectors are out of date, by one change or several. */
export interface ChangedRow extends SourceRow {
  /** numbers of its changes, in their order */
  seqs: string[];
  needsNew: boolean;
  needsOld: boolean;
  /** whether it is there, locked by the application, gone, or the whole table was emptied */
  state: 'there' | 'held' | 'gone' | 'truncated';
  /** reembed.has_text() of the text: what is blank is decided in one place */
  hasText: boolean;
  /** hash of the text that its new vector in a side table is of; null without */
  newHash: string | null;
}

/** Names a batch of the ledger. */
export interface BatchName {
  migration: string;
  batch: number;
}

/**
 * Rows of a batch that have a text but no vector yet and have not failed, in the order to write them.
 *
 * @param limit most rows to read
 */
export async function readBatch(
  db: Queryable,
  target: WorkTarget,
  vector: VectorColumn,
  { migration, batch }: BatchName,
  limit?: number,
): Promise<BatchRow[]> {
  const { rows } = await db.query<BatchRow>(
    `SELECT r.key AS "keyText", r.content AS text, r.text_hash::text AS "textHash", r.version, r.failure, r.wave
       FROM reembed.batch AS b
      CROSS JOIN LATERAL ${compiled(target, 'read_batch')}(b.first_place, b.end_place, $3, reembed.failed_keys($4, $5), reembed.old_snapshot() IS NOT NULL) AS r
      WHERE b.migration = $1 AND b.id = $2`,
    [migration, batch, limit ?? null, target.name, vector.model],
  );
  return rows;
}

/**
 * The rows of the longest-waiting changes, with their present text.
 *
 * @param lane which part of the changes, see reembed.change_lane(); all of them when left out
 * @param seqs changes after the one number, up to the other
 */
export async function readChanges(
  db: Queryable,
  target: WorkTarget,
  lane: number | undefined,
  { after, upTo }: { after: string; upTo: string },
  limit: number,
): Promise<ChangedRow[]> {
  const { rows } = await db.query<ChangedRow>(
    `SELECT c.seqs::text[] AS seqs, c.key AS "keyText", c.needs_new AS "needsNew", c.needs_old AS "needsOld", c.state, c.content AS text,
            c.text_hash::text AS "textHash", c.version, c.failure, c.has_text AS "hasText", c.new_hash::text AS "newHash",
            EXISTS (SELECT FROM reembed.failed_row AS f WHERE f.target = $5 AND f.key = c.key::jsonb) AS "hasFailed"
       FROM ${compiled(target, 'read_changes')}($1, $2, $3, $4) AS c`,
    [lane ?? null, after, upTo, limit, target.name],
  );
  return rows;
}
