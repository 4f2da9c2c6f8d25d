import type { Queryable } from '../database/connection.ts';
import { isConnectionFailure, isLockFailure, plainMessageOf } from '../database/database-error.ts';
import { ProviderRefused, ProviderUnavailable } from '../embedding/provider-error.ts';
import { SpendCapReached } from '../embedding/spending.ts';
import { factsOf, observeStore } from '../metrics/observe-work.ts';
import { describeSpan, inSpan } from '../metrics/spans.ts';
import { takeCachedVectors } from './cached-texts.ts';
import { embedRows, type WorkContext } from './context.ts';
import { noticeBreaker } from './pause-targets.ts';
import { type BatchRow, readBatch } from './reader.ts';
import { shareTexts } from './repeated-texts.ts';
import { loadTarget, vectorColumn } from './target.ts';
import { storeBatch } from './writer.ts';

const SHOW_EVERY_MS = 500;

/** Payload of a batch job in the queue. */
export interface BatchJob {
  campaign: string;
  batch: number;
}

/**
 * Embeds one batch of the ledger: reads its rows, calls the provider outside any transaction, and stores the vectors in
 * short transactions, the last of which also updates the ledger. It is idempotent.
 *
 * @param limit maximum number of rows to embed; if rows are left, the batch stays pending
 * @returns number of rows that got their vector
 */
export function runBatch(context: WorkContext, job: BatchJob, options: BatchOptions = {}): Promise<number> {
  const facts = { 'reembed.campaign': job.campaign, 'reembed.batch': Number(job.batch) };
  return inSpan('reembed.batch', facts, () => embedBatch(context, job, options));
}

interface BatchOptions {
  signal?: AbortSignal;
  limit?: number;
}

async function embedBatch(context: WorkContext, job: BatchJob, options: BatchOptions): Promise<number> {
  const { pool } = context.database;
  const { rows } = await pool.query<{ target: string }>(
    `UPDATE reembed.batch AS b SET attempts = b.attempts + 1, started_at = clock_timestamp(), error = NULL, answered_rows = 0
       FROM reembed.campaign AS m JOIN reembed.setting AS s ON s.target = m.target
      WHERE b.campaign = $1 AND b.id = $2 AND m.name = b.campaign AND b.state = 'pending' AND NOT s.paused
        AND b.provider_batch IS NULL AND ($3 OR b.came_back OR NOT reembed.batch_api_is_served(m.target))
      RETURNING m.target`,
    [job.campaign, job.batch, options.limit !== undefined],
  );
  const batch = rows[0];
  // Done by another worker, paused, left to the batch API, or removed with its campaign: the ledger has the current state.
  if (!batch) return 0;
  const target = await loadTarget(pool, batch.target);
  const vector = target && vectorColumn(target, 'new');
  if (!target || !vector) return 0;
  const of = { target: target.name, model: vector.model };
  describeSpan(factsOf(of));

  const pacing = context.pacingOf(target.name);
  // Only one batch of a table is written at a time while others are embedded: two writers would use up each other's
  // free space in the pages.
  const write = context.writerOf(target.name);
  try {
    const rowsOfBatch = await readBatch(pool, { target, vector }, job);
    const { own, copied, waiting } = await shareTexts(pool, target, job, rowsOfBatch);
    const source = own.slice(0, options.limit);
    const cached = target.hasCachedVectors
      ? await takeCachedVectors(pool, vector, source, context.config)
      : new Map<BatchRow, Float32Array>();
    const unknown = source.filter((row) => !cached.has(row));
    const outcome = await embedRows(context, { target, vector }, unknown, {
      patienceSeconds: context.config.patienceSeconds,
      signal: options.signal,
      onAnswer: showAnswers(pool, job),
    });
    const vectors = new Map<BatchRow, Float32Array>([
      ...cached,
      ...outcome.embedded.map(({ item, vector: values }) => [item, values] as const),
      ...(options.limit === undefined ? copied.map(({ row, vector: values }) => [row, values] as const) : []),
    ]);
    const stored = {
      ...job,
      // Answers arrive in any order; rows are written in table order.
      items: rowsOfBatch.flatMap((row) => (vectors.has(row) ? [{ row, vector: vectors.get(row) ?? null }] : [])),
      failures: outcome.refused.map(({ item, ...refusal }) => ({ row: item, ...refusal })),
      tokens: outcome.tokens,
      requests: outcome.requests,
      done: outcome.complete && options.limit === undefined && waiting.length === 0,
    };
    const store = () => storeBatch(pool, pacing, { target, vector }, stored);
    const written = await write(() => observeStore(of, context.monitor, stored.items.length, store, (rows) => rows));
    describeSpan({ 'reembed.rows': written, 'reembed.tokens': outcome.tokens });
    await noticeBreaker(context, target.name, outcome.refused.length);
    if (outcome.failure) throw outcome.failure;
    return written;
  } catch (error) {
    await recordFailure(context, job, batch.target, error).catch(() => {});
    throw error;
  }
}

/** Records now and then how many rows of a batch have an answer, so that the progress of a large one moves before it is stored. */
function showAnswers(db: Queryable, { campaign, batch }: BatchJob): (texts: number) => void {
  let nextAt = Date.now() + SHOW_EVERY_MS;
  return (texts) => {
    if (Date.now() < nextAt) return;
    nextAt = Date.now() + SHOW_EVERY_MS;
    db.query("UPDATE reembed.batch SET answered_rows = $3 WHERE campaign = $1 AND id = $2 AND state = 'pending'", [
      ...[campaign, batch, texts],
    ]).catch(() => {});
  };
}

/** Records the error that stopped a batch. Transient errors do not count; too many permanent ones pause the campaign. */
async function recordFailure(context: WorkContext, job: BatchJob, target: string, error: unknown): Promise<void> {
  const { pool } = context.database;
  const passes =
    error instanceof ProviderUnavailable ||
    error instanceof SpendCapReached ||
    isConnectionFailure(error) ||
    isLockFailure(error) ||
    (error instanceof Error && error.name === 'AbortError');
  await pool.query(
    'UPDATE reembed.batch SET error = $3, failed_at = CASE WHEN $4 THEN failed_at ELSE clock_timestamp() END WHERE campaign = $1 AND id = $2',
    [job.campaign, job.batch, plainMessageOf(error), passes],
  );
  // A provider that refuses requests pauses everything anyway, with a more precise reason.
  if (passes || error instanceof ProviderRefused) return;
  const { rows } = await pool.query<{ reason: string | null }>('SELECT reembed.trip_breaker($1) AS reason', [job.campaign]);
  if (rows[0]?.reason) context.notice(`${target} is paused: ${rows[0].reason}`);
}
