import type { Queryable } from '../database/connection.ts';
import { compiled, type TargetColumn, type WorkTarget } from './target.ts';

/** Why the text of a row is not embedded. */
export interface TextFailure {
  code: 'text_expression_fails' | 'text_too_large';
  message: string;
  words?: string;
}

/** A row to be embedded. */
export interface SourceRow {
  /** key as JSON text, as stored in failed_row; sent back to identify the row */
  keyText: string;
  text: string | null;
  /** reembed.text_hash() of the text, and the row version (xmin): the fence of the write */
  textHash: string | null;
  version: string | null;
  /** why the text was not read: its expression fails on the row, or it is too long */
  failure: TextFailure | null;
  /** the row failed before, so another failure is no evidence against the provider */
  hasFailed?: boolean;
}

/** A row of a batch. */
export interface BatchRow extends SourceRow {
  /** with vectors in a column of the table: rows of one wave are in different pages */
  wave: number;
}

/** A row with outdated vectors, from one or more changes. */
export interface ChangedRow extends SourceRow {
  /** numbers of its changes, in ascending order */
  seqs: string[];
  needsNew: boolean;
  needsOld: boolean;
  /** whether the row exists, is locked by the application, is deleted, or its table was truncated */
  state: 'there' | 'held' | 'gone' | 'truncated';
  /** reembed.has_text() of the text, so that one function decides what counts as blank */
  hasText: boolean;
  /** hash of the text of its new vector in a side table; null if there is none */
  newHash: string | null;
  /** when the application last wrote a vector of its own into the row, as text; null where it brought none */
  broughtAt: string | null;
}

/** Identifies a batch of the ledger. */
export interface BatchName {
  campaign: string;
  batch: number;
}

/** Rows of a batch that have a text, no vector and no recorded failure, in the order to write them. */
export async function readBatch(db: Queryable, { target, vector }: TargetColumn, { campaign, batch }: BatchName): Promise<BatchRow[]> {
  const { rows } = await db.query<Read<BatchRow>>(
    `SELECT r.key AS "keyText", r.content AS text, r.text_hash::text AS "textHash", r.version, r.failure, r.too_many_bytes AS "tooManyBytes", s.max_text_bytes AS "maxBytes", r.wave
       FROM reembed.batch AS b JOIN reembed.setting AS s ON s.target = $3
      CROSS JOIN LATERAL ${compiled(target, 'read_batch')}(b.leaf, b.first_place, b.end_place, NULL, reembed.failed_keys($3, $4), reembed.old_snapshot() IS NOT NULL, s.max_text_bytes) AS r
      WHERE b.campaign = $1 AND b.id = $2`,
    [campaign, batch, target.name, vector.model],
  );
  return rows.map(withFailure);
}

/**
 * The rows of the oldest changes, with their current text.
 *
 * @param lane which lane of the changes, see reembed.change_lane(); all of them when left out
 * @param seqs range of change numbers: greater than `after`, up to and including `upTo`
 */
export async function readChanges(
  db: Queryable,
  target: WorkTarget,
  lane: number | undefined,
  { after, upTo }: { after: string; upTo: string },
  limit: number,
): Promise<ChangedRow[]> {
  const { rows } = await db.query<Read<ChangedRow>>(
    `SELECT c.seqs::text[] AS seqs, c.key AS "keyText", c.needs_new AS "needsNew", c.needs_old AS "needsOld", c.state, c.content AS text,
            c.text_hash::text AS "textHash", c.version, c.failure, c.too_many_bytes AS "tooManyBytes", s.max_text_bytes AS "maxBytes", c.has_text AS "hasText", c.new_hash::text AS "newHash", c.brought_at::text AS "broughtAt",
            EXISTS (SELECT FROM reembed.failed_row AS f WHERE f.target = $5 AND f.key = c.key::jsonb) AS "hasFailed"
       FROM reembed.setting AS s CROSS JOIN LATERAL ${compiled(target, 'read_changes')}($1, $2, $3, $4, s.max_text_bytes) AS c WHERE s.target = $5`,
    [lane ?? null, after, upTo, limit, target.name],
  );
  return rows.map(withFailure);
}

/** A row as returned by the database. */
type Read<Row extends SourceRow> = Omit<Row, 'failure'> & { failure: string | null; tooManyBytes: string | null; maxBytes: number };

function withFailure<Row extends SourceRow>({ failure, tooManyBytes, maxBytes, ...row }: Read<Row>): Row {
  const found: TextFailure | null =
    tooManyBytes !== null
      ? { code: 'text_too_large', message: `the text has ${tooManyBytes} bytes, max_text_bytes is ${maxBytes}` }
      : failure !== null
        ? {
            code: 'text_expression_fails',
            message: `the text expression fails on this row (SQLSTATE ${failure.slice(0, 5)})`,
            words: failure.slice(5),
          }
        : null;
  return { ...row, failure: found } as unknown as Row;
}
