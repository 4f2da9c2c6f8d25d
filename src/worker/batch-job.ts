import { inTransaction } from '../database/connection.ts';
import { isConnectionFailure, isLockFailure } from '../database/database-error.ts';
import { ProviderRefused, ProviderUnavailable } from '../embedding/provider-error.ts';
import { messageOf } from '../errors.ts';
import { embedRows, type WorkContext } from './context.ts';
import { readBlocks } from './reader.ts';
import { loadTarget, vectorColumn } from './target.ts';
import { forgetFailures, recordFailures, writeVectors } from './writer.ts';

/** What a batch job carries in the queue. */
export interface BatchJob {
  migration: string;
  batch: number;
}

/**
 * Embeds one batch of the ledger: reads its rows, asks the provider outside any transaction, stores the vectors and the
 * ledger's row in one commit. Doing it twice changes nothing.
 *
 * @param limit most rows to embed; the batch then stays pending for the rest
 * @returns how many rows got their vector
 */
export async function runBatch(
  context: WorkContext,
  job: BatchJob,
  options: { signal?: AbortSignal; limit?: number } = {},
): Promise<number> {
  const { pool } = context.database;
  const { rows } = await pool.query<{ target: string; first_block: string; last_block: string }>(
    `UPDATE reembed.batch AS b SET attempts = b.attempts + 1, started_at = clock_timestamp(), error = NULL
       FROM reembed.migration AS m JOIN reembed.setting AS s ON s.target = m.target
      WHERE b.migration = $1 AND b.id = $2 AND m.name = b.migration AND b.state = 'pending' AND NOT s.paused
      RETURNING m.target, b.first_block::text, b.last_block::text`,
    [job.migration, job.batch],
  );
  const batch = rows[0];
  // Done by another worker, paused, or taken down with its campaign: nothing is lost, the ledger knows.
  if (!batch) return 0;
  const target = await loadTarget(pool, batch.target);
  const vector = target && vectorColumn(target, 'new');
  if (!target || !vector) return 0;

  try {
    const source = await readBlocks(pool, target, vector, batch.first_block, batch.last_block, options.limit);
    const outcome = await embedRows(context, target, vector, source, context.config.patienceSeconds, options.signal);
    return await inTransaction(pool, async (client) => {
      const written = await writeVectors(
        client,
        target,
        vector,
        outcome.embedded.map(({ item, vector: values }) => ({ row: item, vector: values })),
      );
      await recordFailures(
        client,
        target,
        vector,
        outcome.refused.map(({ item, code, message }) => ({ row: item, code, message })),
      );
      await forgetFailures(client, target, vector, [...written]);
      const done = outcome.complete && options.limit === undefined;
      // Rows that were changed meanwhile have a note by now; those that were only held locked are found by the sweep.
      const ledger = await client.query(
        `UPDATE reembed.batch
            SET embedded_rows = embedded_rows + $3, tokens = tokens + $4, requests = requests + $5, failed_at = NULL,
                state = CASE WHEN $6 THEN 'done' ELSE state END,
                other_rows = CASE WHEN $6 THEN greatest(0, rows - embedded_rows - $3) ELSE other_rows END,
                finished_at = CASE WHEN $6 THEN clock_timestamp() END
          WHERE migration = $1 AND id = $2`,
        [job.migration, job.batch, written.size, outcome.tokens, outcome.requests, done],
      );
      // Taken down meanwhile: what was just written must not outlive its campaign.
      if (ledger.rowCount === 0)
        throw new Error(`batch ${job.batch} of ${job.migration} is not in the ledger any more; nothing was stored`);
      return written.size;
    });
  } catch (error) {
    await recordFailure(context, job, batch.target, error).catch(() => {});
    throw error;
  }
}

/** Puts on record what stopped a batch. Trouble that passes by itself is no failure; of others, too many stop the campaign. */
async function recordFailure(context: WorkContext, job: BatchJob, target: string, error: unknown): Promise<void> {
  const { pool } = context.database;
  const passes =
    error instanceof ProviderUnavailable ||
    isConnectionFailure(error) ||
    isLockFailure(error) ||
    (error instanceof Error && error.name === 'AbortError');
  await pool.query(
    'UPDATE reembed.batch SET error = $3, failed_at = CASE WHEN $4 THEN failed_at ELSE clock_timestamp() END WHERE migration = $1 AND id = $2',
    [job.migration, job.batch, messageOf(error), passes],
  );
  // A provider that refuses pauses everything anyway, with a better reason.
  if (passes || error instanceof ProviderRefused) return;
  const { rows } = await pool.query<{ reason: string | null }>('SELECT reembed.trip_breaker($1) AS reason', [job.migration]);
  if (rows[0]?.reason) context.notice(`${target} is paused: ${rows[0].reason}`);
}
