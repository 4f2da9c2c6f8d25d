import type { Queryable } from '../database/connection.ts';
import type { VectorColumn, WorkTarget } from './target.ts';

/** A row to be embedded. */
export interface SourceRow {
  /** key as JSON text, as it stands in stale_row: what is sent back to find the row */
  keyText: string;
  text: string | null;
  /** reembed.text_hash() of the text: the fence of the write */
  textHash: string | null;
  /** it failed before, so that its failing again says nothing against the provider */
  hasFailed?: boolean;
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
  /** the application holds it locked, so its text is not known */
  held: boolean;
}

/**
 * Rows of a batch that have a text but no vector yet. See reembed.read_batch().
 *
 * @param limit most rows to read
 */
export async function readBatch(
  db: Queryable,
  vector: VectorColumn,
  batch: { migration: string; batch: number },
  limit?: number,
): Promise<SourceRow[]> {
  const { rows } = await db.query<SourceRow>(
    'SELECT key AS "keyText", content AS text, text_hash::text AS "textHash" FROM reembed.read_batch($1, $2, $3, $4, $5)',
    [batch.migration, batch.batch, vector.model, vector.column, limit ?? null],
  );
  return rows;
}

/**
 * The longest-waiting notes that want a role's vector, with the present text of their rows. See reembed.read_notes().
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
    `SELECT key AS "keyText", needs_new AS "needsNew", needs_old AS "needsOld", version::text AS version, is_there AS exists, is_held AS held,
            content AS text, text_hash::text AS "textHash", has_text AS "hasText", has_failed AS "hasFailed"
       FROM reembed.read_notes($1, $2, $3, $4, $5, $6)`,
    [target.name, role, lane ?? null, after, upTo, limit],
  );
  return rows;
}
