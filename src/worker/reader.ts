import type { Queryable } from '../database/connection.ts';
import type { VectorColumn, WorkTarget } from './target.ts';

/** A row to be embedded. */
export interface SourceRow {
  /** key as JSON text, as it stands in stale_row: what is sent back to find the row */
  keyText: string;
  text: string | null;
  /** reembed.text_hash() of the text: the fence of the write */
  textHash: string | null;
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

/** A row whose vectors are out of date, by one note or several. */
export interface StaleRow extends SourceRow {
  needsNew: boolean;
  needsOld: boolean;
  /** reembed.has_text() of the text: what is blank is decided in one place */
  hasText: boolean;
  /** its notes */
  versions: string[];
  /** how far the notes were read for this answer */
  readTo: string;
  /** false when the row is not in the table any more */
  exists: boolean;
  /** the application holds it locked, so its text is not known */
  held: boolean;
}

/**
 * Rows of a batch that have a text but no vector yet, in the order to write them. See reembed.read_batch().
 *
 * @param limit most rows to read
 */
export async function readBatch(
  db: Queryable,
  vector: VectorColumn,
  batch: { migration: string; batch: number },
  limit?: number,
): Promise<BatchRow[]> {
  const { rows } = await db.query<BatchRow>(
    'SELECT key AS "keyText", content AS text, text_hash::text AS "textHash", failure, wave FROM reembed.read_batch($1, $2, $3, $4)',
    [batch.migration, batch.batch, vector.model, limit ?? null],
  );
  return rows;
}

/**
 * The rows of the longest-waiting notes that want a role's vector, with their present text. See reembed.read_notes().
 *
 * @param lane which part of the notes, see reembed.catch_up_lane(); all of them when left out
 * @param versions notes after the one version, up to the other
 */
export async function readNotes(
  db: Queryable,
  target: WorkTarget,
  role: VectorColumn['role'],
  lane: number | undefined,
  { after, upTo }: { after: string; upTo: string },
  limit: number,
): Promise<StaleRow[]> {
  const { rows } = await db.query<StaleRow>(
    `SELECT key AS "keyText", needs_new AS "needsNew", needs_old AS "needsOld", versions::text[] AS versions, read_to::text AS "readTo",
            is_there AS exists, is_held AS held, content AS text, text_hash::text AS "textHash", failure, has_text AS "hasText",
            has_failed AS "hasFailed"
       FROM reembed.read_notes($1, $2, $3, $4, $5, $6)`,
    [target.name, role, lane ?? null, after, upTo, limit],
  );
  return rows;
}
