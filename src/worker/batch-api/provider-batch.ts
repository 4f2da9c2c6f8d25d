import type { Queryable } from '../../database/connection.ts';
import type { BatchStatus } from '../../embedding/batch-api.ts';
import type { Encoding } from '../../embedding/encoding.ts';
import type { ReembedError } from '../../errors.ts';

/** A row of reembed.provider_batch. */
export interface ProviderBatch {
  id: string;
  campaign: string;
  /** undefined when the campaign is gone */
  target: string | undefined;
  model: string;
  state: 'submitting' | 'submitted' | 'abandoned' | 'settled';
  tries: number;
  attempt: number;
  encoding: Encoding | null;
  inputFileId: string | null;
  providerBatchId: string | null;
  tokensAllowed: number | null;
  /** since it was set aside, in seconds */
  age: number;
  /** how long the provider has not answered to it, in seconds */
  failingFor: number;
}

/** Label of a batch at the provider that says which of ours it is, and the one for the attempt. */
export const LABEL = 'reembed';
export const ATTEMPT_LABEL = 'reembed_attempt';

/** Reads a provider batch as it is now; undefined when there is none, or none that anything is to be done for. */
export async function readProviderBatch(db: Queryable, id: string): Promise<ProviderBatch | undefined> {
  const { rows } = await db.query<ProviderBatch>(
    `SELECT p.id::text, p.campaign, m.target, p.model, p.state, p.tries, p.attempt, p.encoding, p.input_file_id AS "inputFileId",
            p.provider_batch_id AS "providerBatchId", p.tokens_allowed::double precision AS "tokensAllowed",
            extract(epoch FROM clock_timestamp() - p.created_at)::double precision AS age,
            coalesce(extract(epoch FROM clock_timestamp() - p.failing_since), 0)::double precision AS "failingFor"
       FROM reembed.provider_batch AS p LEFT JOIN reembed.campaign AS m ON m.name = p.campaign
      WHERE p.id = $1 AND p.state <> 'settled'`,
    [id],
  );
  return rows[0];
}

/** Batches of the ledger that wait for a provider batch, in the order of the table. */
export async function ledgerBatchesOf(db: Queryable, { id }: ProviderBatch): Promise<number[]> {
  const { rows } = await db.query<{ id: string }>('SELECT id::text FROM reembed.batch WHERE provider_batch = $1 ORDER BY batch.id', [id]);
  return rows.map((row) => Number(row.id));
}

/** Puts on record that the requests of an attempt are at the provider; false when they are not wanted any more. */
export async function recordUpload(
  db: Queryable,
  { id }: ProviderBatch,
  upload: { attempt: number; fileId: string; encoding: Encoding; requests: number; tokens: number; isPartial: boolean },
): Promise<boolean> {
  const { rowCount } = await db.query(
    `UPDATE reembed.provider_batch SET input_file_id = $3, encoding = $4, requests = $5, tokens_expected = $6, is_partial = $7
      WHERE id = $1 AND attempt = $2 AND state = 'submitting' AND input_file_id IS NULL`,
    [id, upload.attempt, upload.fileId, upload.encoding, upload.requests, Math.round(upload.tokens), upload.isPartial],
  );
  return rowCount === 1;
}

/** Puts on record that a batch is at the provider; false when another worker was quicker, or it is not wanted any more. */
export async function recordSubmission(db: Queryable, { id }: ProviderBatch, inputFileId: string, status: BatchStatus): Promise<boolean> {
  const { rowCount } = await db.query(
    `UPDATE reembed.provider_batch
        SET state = 'submitted', provider_batch_id = $3, provider_state = $4, submitted_at = clock_timestamp(), error = NULL, failing_since = NULL,
            next_check_at = clock_timestamp() + interval '5 seconds'
      WHERE id = $1 AND input_file_id = $2 AND state = 'submitting'`,
    [id, inputFileId, status.id, status.state],
  );
  return rowCount === 1;
}

/** Puts on record what the provider said, and when to ask again: often at first, then every twentieth part of its age, five minutes at most. */
export async function recordLook(db: Queryable, { id }: ProviderBatch, status: BatchStatus): Promise<void> {
  await db.query(
    `UPDATE reembed.provider_batch
        SET provider_state = $2, requests_done = $3, failing_since = NULL, error = CASE WHEN failing_since IS NULL THEN error END,
            next_check_at = clock_timestamp() + CASE WHEN $4 THEN interval '5 seconds'
                                                    ELSE least(interval '5 minutes', greatest(interval '5 seconds', (clock_timestamp() - created_at) / 20)) END
      WHERE id = $1`,
    [id, status.state, status.requestsDone, status.isOver],
  );
}

/** Puts on record what went wrong with a batch as a whole. */
export async function recordError(db: Queryable, { id }: ProviderBatch, code: string, message: string): Promise<void> {
  await db.query('UPDATE reembed.provider_batch SET error_code = $2, error = $3 WHERE id = $1', [id, code, message]);
}

/** Puts on record that the provider does not answer, and when to try again: later each time, five minutes at most. */
export async function recordSilence(db: Queryable, { id }: ProviderBatch, error: ReembedError): Promise<void> {
  await db.query(
    `UPDATE reembed.provider_batch
        SET error = $2, failing_since = coalesce(failing_since, clock_timestamp()),
            next_check_at = clock_timestamp() + least(interval '5 minutes', greatest(interval '10 seconds', clock_timestamp() - failing_since))
      WHERE id = $1`,
    [id, error.message],
  );
}
