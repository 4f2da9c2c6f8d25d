import type { Database } from '../database/connection.ts';
import { isConnectionFailure, isLockFailure, plainMessageOf, wordsOf } from '../database/database-error.ts';
import { BatchApiMissing, BatchApiRefused } from '../embedding/batch-api.ts';
import { ProviderRefused, ProviderUnavailable } from '../embedding/provider-error.ts';
import { SpendCapReached } from '../embedding/spending.ts';
import { ReembedError } from '../errors.ts';
import type { WorkContext } from './context.ts';
import { openTargets } from './open-work.ts';
import { pauseTargets, targetsNeeding } from './pause-targets.ts';

/** A job fails repeatedly, and not because of the provider. Its work stays in the ledger. */
export class WorkStuck extends ReembedError {
  constructor(reason: string) {
    super('work_stuck', reason, 'nothing is lost: fix the cause, then run the command again; it continues where it stopped');
  }
}

/**
 * Runs a job and decides what its failure means: for the queue, which retries it, for the targets that need the same model, and for the
 * worker.
 *
 * @param target the job's target
 * @param kind what failed, for reembed.words
 * @param job identifies the job; repeated failures of the same one are counted
 */
export type JobGuard = (target: string, kind: string, job: string, work: () => Promise<unknown>) => Promise<void>;

const FAILURES_THAT_TELL = 5;

/**
 * @param options.isForBatchApi whether the worker was started for the batch API, and fails without it
 * @param options.fail ends the worker with an error that only the operator can fix
 */
export function createJobGuard(context: WorkContext, options: { isForBatchApi: boolean; fail: (error: unknown) => void }): JobGuard {
  const { database, notice } = context;
  const { fail } = options;
  const failures = new Map<string, number>();
  /** targets whose provider did not answer for longer than the patience of this process */
  const silent = new Map<string, ProviderUnavailable>();
  /** targets at their spend cap, each reported once */
  const capped = new Set<string>();
  let providerWasAway = false;

  return async (target, kind, job, work) => {
    try {
      await work();
      failures.delete(job);
      silent.delete(target);
      capped.delete(target);
      if (providerWasAway) {
        providerWasAway = false;
        await retryNow(database);
      }
    } catch (error) {
      // Stopped on purpose: unfinished work is still in the ledger and needs no retry delay.
      if (context.stopping?.aborted && error instanceof Error && error.name === 'AbortError') return;
      if (error instanceof SpendCapReached) {
        if (!capped.has(target)) notice(`${target} is paused: ${plainMessageOf(error)}`);
        capped.add(target);
        // The target is paused already, and the work is still in the ledger.
        return;
      }
      await keepWords(database, kind, error);
      if (error instanceof ProviderRefused) return await refuse(error, target);
      providerWasAway ||= error instanceof ProviderUnavailable;
      notice(plainMessageOf(error));
      // Only a worker that was started for the batch API fails with this error; others merely continue existing batches.
      if (options.isForBatchApi && (error instanceof BatchApiMissing || error instanceof BatchApiRefused)) fail(error);
      if (!isConnectionFailure(error) && !isLockFailure(error)) failures.set(job, (failures.get(job) ?? 0) + 1);
      if (context.giveUp && error instanceof ProviderUnavailable) await giveUp(error, target);
      else if (context.giveUp && (failures.get(job) ?? 0) >= FAILURES_THAT_TELL) fail(new WorkStuck(plainMessageOf(error)));
      // The queue stores what is thrown: for a PostgreSQL error that is every field, and with them the row.
      throw new Error(plainMessageOf(error));
    }
  };

  /** Pauses the targets that need the model. The worker goes on with the others, if there are any. */
  async function refuse(error: ProviderRefused, target: string): Promise<void> {
    const { others } = await targetsNeeding(context, error, target);
    // The reason is reported first: otherwise the caller would only learn that the target is paused.
    if (others.length === 0) fail(error);
    await pauseTargets(context, error, target);
  }

  /** Ends the worker when a person waits for it and all that is left to do waits for a provider that does not answer. */
  async function giveUp(error: ProviderUnavailable, target: string): Promise<void> {
    silent.set(target, error);
    const open = await openTargets(database.pool, context.target);
    if (open.every(({ name, paused }) => paused || silent.has(name))) fail(error);
  }
}

/** Makes jobs that wait after a failure due immediately, because the cause may be gone. */
export async function retryNow(database: Database): Promise<void> {
  await database.pool.query("UPDATE reembed_queue.job SET start_after = now() WHERE state = 'retry'");
}

/** Best effort: stores the other program's message about a failure for readers with the right to see it. */
async function keepWords({ pool }: Database, what: string, error: unknown): Promise<void> {
  const words = wordsOf(error);
  if (words) await pool.query('SELECT reembed.record_words($1, $2)', [what, words]).catch(() => {});
}
