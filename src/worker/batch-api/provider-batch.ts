import type { Queryable } from '../../database/connection.ts';
import type { BatchStatus } from '../../embedding/batch-api.ts';
import type { Encoding } from '../../embedding/encoding.ts';
import type { ReembedError } from '../../errors.ts';

/** A row of reembed.provider_batch. */
export interface ProviderBatch {
  id: string;
  campaign: string;
  /** undefined when the campaign no longer exists */
  target: string | undefined;
  model: string;
  /** as in reembed.model */
  provider: string | null;
  state: 'submitting' | 'submitted' | 'abandoned' | 'settled';
  tries: number;
  attempt: number;
  encoding: Encoding | null;
  inputFileId: string | null;
  providerBatchId: string | null;
  tokensAllowed: number | null;
  /** seconds since it was set aside */
  age: number;
  /** seconds for which the provider has not answered requests about it */
  failingFor: number;
}

/** Batch labels at the provider: the id of our provider batch, and the number of the attempt. */
export const LABEL = 'reembed';
export const ATTEMPT_LABEL = 'reembed_attempt';

/** Reads a provider batch as it is now; undefined when it does not exist or needs no more work. */
export async function readProviderBatch(db: Queryable, id: string): Promise<ProviderBatch | undefined> {
  const { rows } = await db.query<ProviderBatch>(
    `SELECT p.id::text, p.campaign, m.target, p.model, p.provider, p.state, p.tries, p.attempt, p.encoding, p.input_file_id AS "inputFileId",
            p.provider_batch_id AS "providerBatchId", p.tokens_allowed::double precision AS "tokensAllowed",
            extract(epoch FROM clock_timestamp() - p.created_at)::double precision AS age,
            coalesce(extract(epoch FROM clock_timestamp() - p.failing_since), 0)::double precision AS "failingFor"
       FROM reembed.provider_batch AS p LEFT JOIN reembed.campaign AS m ON m.name = p.campaign
      WHERE p.id = $1 AND p.state <> 'settled'`,
    [id],
  );
  return rows[0];
}

/** Ledger batches that wait for a provider batch, in table order. */
export async function ledgerBatchesOf(db: Queryable, { id }: ProviderBatch): Promise<number[]> {
  const { rows } = await db.query<{ id: string }>('SELECT id::text FROM reembed.batch WHERE provider_batch = $1 ORDER BY batch.id', [id]);
  return rows.map((row) => Number(row.id));
}

/** Records that the requests of an attempt are uploaded; false when they are no longer wanted. */
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

/** Records that a batch exists at the provider; false when another worker was first, or when it is no longer wanted. */
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

/**
 * Records the status from the provider and when to ask again: often at first, then after a twentieth of the batch's
 * age, at most five minutes.
 */
export async function recordCheck(db: Queryable, { id }: ProviderBatch, status: BatchStatus): Promise<void> {
  await db.query(
    `UPDATE reembed.provider_batch
        SET provider_state = $2, requests_done = $3, failing_since = NULL, error = CASE WHEN failing_since IS NULL THEN error END,
            next_check_at = clock_timestamp() + CASE WHEN $4 THEN interval '5 seconds'
                                                    ELSE least(interval '5 minutes', greatest(interval '5 seconds', (clock_timestamp() - created_at) / 20)) END
      WHERE id = $1`,
    [id, status.state, status.requestsDone, status.isOver],
  );
}

/** Records an error of the batch as a whole. */
export async function recordError(db: Queryable, { id }: ProviderBatch, code: string, message: string): Promise<void> {
  await db.query('UPDATE reembed.provider_batch SET error_code = $2, error = $3 WHERE id = $1', [id, code, message]);
}

/** Records that the provider does not answer and when to try again: with increasing delay, at most five minutes. */
export async function recordSilence(db: Queryable, { id }: ProviderBatch, error: ReembedError): Promise<void> {
  await db.query(
    `UPDATE reembed.provider_batch
        SET error = $2, failing_since = coalesce(failing_since, clock_timestamp()),
            next_check_at = clock_timestamp() + least(interval '5 minutes', greatest(interval '10 seconds', clock_timestamp() - failing_since))
      WHERE id = $1`,
    [id, error.message],
  );
}
