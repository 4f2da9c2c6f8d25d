import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { PgBoss } from 'pg-boss';
import type { Config } from '../config.ts';
import { type Database, keepOwnPath } from '../database/connection.ts';
import { isConnectionFailure, isLockFailure, plainMessageOf, wordsOf } from '../database/database-error.ts';
import { BatchApiMissing, BatchApiRefused } from '../embedding/batch-api.ts';
import { ProviderRefused, ProviderUnavailable } from '../embedding/provider-error.ts';
import { ReembedError } from '../errors.ts';
import { probeIdleReads } from '../throttle/throttle.ts';
import { checkAllTargets } from '../watch/check-targets.ts';
import { claimForBatchApi, requireBatchApi } from './batch-api/claim.ts';
import { type ProviderBatchJob, runProviderBatch } from './batch-api/provider-batch-job.ts';
import { type BatchJob, runBatch } from './batch-job.ts';
import { type CatchUpJob, runCatchUp } from './catch-up-job.ts';
import { checkProviders } from './check-providers.ts';
import { createWorkContext, type WorkContext } from './context.ts';

/** A running worker process. */
export interface Worker {
  /** resolves when the worker was stopped, rejects with an error that only the operator can fix */
  finished: Promise<void>;
  /** waits up to 20 s for requests under way, stores their results, then gives up; resolves when everything is closed */
  stop(): Promise<void>;
}

/** A job fails repeatedly, and not because of the provider. Its work stays in the ledger. */
export class WorkStuck extends ReembedError {
  constructor(reason: string) {
    super('work_stuck', reason, 'nothing is lost: fix the cause, then run the command again; it continues where it stopped');
  }
}

/** Options of a worker. */
export interface WorkerOptions {
  /** true: stop with the error once the patience is used up, because a person waits; false: retry forever */
  giveUp?: boolean;
  /** true: the backfill uses the provider's batch API as far as it delivers vectors; changed rows do not */
  batchApi?: boolean;
}

// The number of lanes in reembed.catch_up_lane(). With fewer workers a lane would wait while the others are written to.
const CATCH_UP_LANES = 4;
// A provider batch that takes minutes to store must not prevent the next one from being submitted.
const PROVIDER_BATCHES = 2;
const LOOK_FOR_WORK_MS = 500;
const SIGN_OF_LIFE_MS = 5000;
// Below the 30 s that container platforms leave between SIGTERM and SIGKILL.
const DRAIN_MS = 20_000;
const CLEAN_UP_MS = 5000;
const FAILURES_THAT_TELL = 5;

/**
 * Starts a worker: it takes batches and changed rows from pg-boss and regularly queues a job for everything that is
 * open in the ledger. Any number of workers may run, on any number of hosts.
 *
 * @throws ProviderRefused, MissingApiKey, BadAnswer and the like when a first small request to the provider fails;
 *   BatchApiMissing
 */
export async function startWorker(
  database: Database,
  config: Config,
  notice: (line: string) => void,
  options: WorkerOptions = {},
): Promise<Worker> {
  const stopping = new AbortController();
  const cutOff = new AbortController();
  const context = createWorkContext(database, config, notice, { giveUp: options.giveUp ?? false, stopping: stopping.signal });
  await checkProviders(context);
  const isForBatchApi = options.batchApi ?? false;
  if (isForBatchApi) await requireBatchApi(context);
  const id = randomUUID();
  await showSignOfLife(database, id, isForBatchApi);
  await probeIdleReads(database.pool, stopping.signal).catch((error) => notice(`searches cannot be timed: ${plainMessageOf(error)}`));
  // A worker is usually started after something was fixed.
  await retryNow(database);
  const keepsWatch = !options.giveUp;
  const boss = createBoss(database, keepsWatch, notice);
  await boss.start();

  let fail: (error: unknown) => void = () => {};
  let finish: () => void = () => {};
  const finished = new Promise<void>((resolve, reject) => {
    finish = resolve;
    fail = reject;
  });
  // Without this listener, a rejection between two awaits of the caller would end the process.
  finished.catch(() => {});

  const failures = new Map<string, number>();
  let providerWasAway = false;
  const guarded = async (kind: string, what: string, work: () => Promise<unknown>) => {
    try {
      await work();
      failures.delete(what);
      if (providerWasAway) {
        providerWasAway = false;
        await retryNow(database);
      }
    } catch (error) {
      providerWasAway ||= error instanceof ProviderUnavailable;
      // Stopped on purpose: unfinished work is still in the ledger and needs no retry delay.
      if (stopping.signal.aborted && error instanceof Error && error.name === 'AbortError') return;
      await keepWords(database, kind, error);
      if (error instanceof ProviderRefused) {
        // The reason is reported first: otherwise the caller would only learn that the campaign is paused.
        fail(error);
        await pauseEverything(context, error);
        return;
      }
      notice(plainMessageOf(error));
      // Only a worker that was started for the batch API fails with this error; others merely continue existing batches.
      if (isForBatchApi && (error instanceof BatchApiMissing || error instanceof BatchApiRefused)) fail(error);
      if (!isConnectionFailure(error) && !isLockFailure(error)) failures.set(what, (failures.get(what) ?? 0) + 1);
      if (options.giveUp && error instanceof ProviderUnavailable) fail(error);
      else if (options.giveUp && (failures.get(what) ?? 0) >= FAILURES_THAT_TELL) fail(new WorkStuck(plainMessageOf(error)));
      // The queue stores what is thrown: for a PostgreSQL error that is every field, and with them the row.
      throw new Error(plainMessageOf(error));
    }
  };
  const polling = { pollingIntervalSeconds: 0.5 };
  for (let slot = 0; slot < config.concurrency; slot++) {
    const id = await boss.work<BatchJob>('reembed-batch', polling, async ([job]) => {
      if (!job) return;
      let rows = 0;
      await guarded('batch', `${job.data.campaign} ${job.data.batch}`, async () => {
        rows = await runBatch(context, job.data, { signal: AbortSignal.any([job.signal, cutOff.signal]) });
      });
      // After one batch there may be another: the half second of polling would dominate the time of small batches.
      if (rows > 0) boss.notifyWorker(id);
    });
  }
  await boss.work<CatchUpJob>('reembed-catch-up', { ...polling, localConcurrency: CATCH_UP_LANES }, ([job]) =>
    guarded(
      'changed rows',
      `${job?.data.target} ${job?.data.lane}`,
      async () => job && runCatchUp(context, job.data, AbortSignal.any([job.signal, cutOff.signal])),
    ),
  );
  // A worker with `giveUp` serves a person who waits; it does not run the watch.
  if (keepsWatch) {
    await boss.work('reembed-watch', { pollingIntervalSeconds: 2 }, async ([job]) => {
      const signals = [stopping.signal, ...(job ? [job.signal] : [])];
      // An error of one check is reported; the next check runs a minute later.
      await checkAllTargets(context, AbortSignal.any(signals)).catch((error) => notice(`watch: ${plainMessageOf(error)}`));
    });
  }

  await boss.work<ProviderBatchJob>('reembed-provider-batch', { ...polling, localConcurrency: PROVIDER_BATCHES }, ([job]) =>
    guarded(
      'batch API',
      `provider batch ${job?.data.id}`,
      async () => job && runProviderBatch(context, job.data, AbortSignal.any([job.signal, cutOff.signal])),
    ),
  );

  const loop = keepLooking(context, id, isForBatchApi, stopping.signal);
  let stopped: Promise<void> | undefined;
  return {
    finished,
    stop() {
      stopped ??= (async () => {
        stopping.abort();
        await loop;
        // A request that hangs is not waited for any longer; its rows are still in the ledger.
        const patience = setTimeout(() => cutOff.abort(), DRAIN_MS);
        await boss.stop({ graceful: true, timeout: DRAIN_MS + CLEAN_UP_MS });
        clearTimeout(patience);
        await database.pool.query('DELETE FROM reembed.worker WHERE id = $1', [id]).catch(() => {});
        finish();
      })();
      return stopped;
    },
  };
}

/** Best effort: stores the other program's message about a failure for readers with the right to see it. */
async function keepWords({ pool }: Database, what: string, error: unknown): Promise<void> {
  const words = wordsOf(error);
  if (words) await pool.query('SELECT reembed.record_words($1, $2)', [what, words]).catch(() => {});
}

/** Makes jobs that wait after a failure due immediately, because the cause may be gone. */
async function retryNow(database: Database): Promise<void> {
  await database.pool.query(
    "UPDATE reembed_queue.job SET start_after = now() WHERE name IN ('reembed-batch', 'reembed-catch-up', 'reembed-provider-batch') AND state = 'retry'",
  );
}

async function showSignOfLife({ pool }: Database, id: string, isForBatchApi: boolean): Promise<void> {
  await pool.query(
    `INSERT INTO reembed.worker (id, host, pid, batch_api) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO UPDATE SET seen_at = now()`,
    [id, hostname(), process.pid, isForBatchApi],
  );
}

function createBoss(database: Database, keepsWatch: boolean, notice: (line: string) => void): PgBoss {
  const boss = new PgBoss({
    connectionString: database.url,
    application_name: 'pg-reembed worker',
    schema: 'reembed_queue',
    // The schema is created by a migration, so a worker needs no right to create anything.
    migrate: false,
    createSchema: false,
    // The watch uses a schedule of pg-boss, which needs no right to create anything either.
    schedule: keepsWatch,
    max: 4,
    ...{ onConnect: keepOwnPath },
    superviseIntervalSeconds: 5,
    monitorIntervalSeconds: 5,
    reindex: false,
    monitorVacuum: false,
  });
  // pg-boss recovers automatically; without a listener its first error would end the process.
  let last = '';
  boss.on('error', (error) => {
    // Each pg-boss worker appends its own name, so every one of them would report the same failure as a different line.
    const line = `queue: ${plainMessageOf(error).replace(/ \(Queue: .*, Worker: .*\)$/, '')}`;
    if (line !== last) notice(line);
    last = line;
  });
  return boss;
}

/** Queues a job for every open batch and updates the heartbeat, until the signal is aborted. Survives a lost connection. */
async function keepLooking(context: WorkContext, id: string, isForBatchApi: boolean, signal: AbortSignal): Promise<void> {
  const { database } = context;
  const { pool } = database;
  let seenAt = 0;
  while (!signal.aborted) {
    try {
      if (isForBatchApi) await claimForBatchApi(context);
      await pool.query('SELECT reembed.enqueue_work()');
      if (Date.now() - seenAt > SIGN_OF_LIFE_MS) {
        await showSignOfLife(database, id, isForBatchApi);
        await pool.query("DELETE FROM reembed.worker WHERE seen_at < now() - interval '1 day'");
        seenAt = Date.now();
      }
    } catch (error) {
      context.notice(`${isConnectionFailure(error) ? 'database' : 'searching for work'}: ${plainMessageOf(error)}`);
      await sleep(1000, undefined, { signal }).catch(() => {});
    }
    await sleep(LOOK_FOR_WORK_MS, undefined, { signal }).catch(() => {});
  }
}

/** An error that only the operator can fix stops every worker, once; the reason is recorded where a DBA looks for it. */
async function pauseEverything(context: WorkContext, error: Error): Promise<void> {
  await context.database.pool
    .query("UPDATE reembed.setting SET paused = true, paused_by = 'worker', paused_reason = $1 WHERE NOT paused", [
      `a worker stopped: ${plainMessageOf(error)}`,
    ])
    .catch((failure) => context.notice(plainMessageOf(failure)));
}
