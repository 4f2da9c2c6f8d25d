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
import { checkAllTargets } from '../watch/check-targets.ts';
import { claimForBatchApi, requireBatchApi } from './batch-api/claim.ts';
import { type ProviderBatchJob, runProviderBatch } from './batch-api/provider-batch-job.ts';
import { type BatchJob, runBatch } from './batch-job.ts';
import { type CatchUpJob, runCatchUp } from './catch-up-job.ts';
import { checkProviders } from './check-providers.ts';
import { createWorkContext, type WorkContext } from './context.ts';
import { probeIdleReads } from './throttle.ts';

/** A running worker process. */
export interface Worker {
  /** resolves when it was stopped, rejects when only the operator can help */
  finished: Promise<void>;
  /** waits up to 20 s for the requests under way, stores what they bring, then lets go; resolves when everything is closed */
  stop(): Promise<void>;
}

/** A job fails again and again, and not for want of a provider; what it was to do stays in the ledger. */
export class WorkStuck extends ReembedError {
  constructor(reason: string) {
    super('work_stuck', reason, 'nothing is lost: fix the cause, then run the command again; it goes on where it stopped');
  }
}

/** How a worker behaves when its provider stays away. */
export interface WorkerOptions {
  /** true: stop with the error once the patience is used up, because a person waits; false: go on trying for ever */
  giveUp?: boolean;
  /** true: the backfill goes through the provider's batch API, as far as it brings vectors; changed rows do not */
  batchApi?: boolean;
}

// As many as reembed.catch_up_lane() tells apart: a lane without a place would wait for as long as the others are written to.
const CATCH_UP_LANES = 4;
// One that stores its vectors for minutes must not keep the next from being sent.
const PROVIDER_BATCHES = 2;
const LOOK_FOR_WORK_MS = 500;
const SIGN_OF_LIFE_MS = 5000;
// Under the 30 s that container platforms leave between their two signals.
const DRAIN_MS = 20_000;
const CLEAN_UP_MS = 5000;
const FAILURES_THAT_TELL = 5;

/**
 * Starts a worker: pg-boss hands it batches and changed rows, and it sees to it again and again that whatever the ledger says
 * is open has a job. Any number may run, on any number of hosts.
 *
 * @throws ProviderRefused, MissingApiKey, BadAnswer and the like when a first small request to the provider fails; BatchApiMissing
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
  // Whoever starts a worker has fixed something.
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
  // Without a listener of its own, a failure between two awaits of the caller would end the process.
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
      // Stopped on purpose: what it had begun is still in the ledger, and needs no wait for a retry.
      if (stopping.signal.aborted && error instanceof Error && error.name === 'AbortError') return;
      await keepWords(database, kind, error);
      if (error instanceof ProviderRefused) {
        // The reason comes first: whoever waits for this worker would else hear only of the pause.
        fail(error);
        await pauseEverything(context, error);
        return;
      }
      notice(plainMessageOf(error));
      // Whoever asked for it has to hear of it; others only went on with what was begun.
      if (isForBatchApi && (error instanceof BatchApiMissing || error instanceof BatchApiRefused)) fail(error);
      if (!isConnectionFailure(error) && !isLockFailure(error)) failures.set(what, (failures.get(what) ?? 0) + 1);
      if (options.giveUp && error instanceof ProviderUnavailable) fail(error);
      else if (options.giveUp && (failures.get(what) ?? 0) >= FAILURES_THAT_TELL) fail(new WorkStuck(plainMessageOf(error)));
      // The queue keeps what it gets: of an error of PostgreSQL every field, and with it the row.
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
      // Where there was a batch there may be another one: half a second for each would be most of the time of small ones.
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
  // Somebody waits for a worker that gives up; it is not there to keep watch.
  if (keepsWatch) {
    await boss.work('reembed-watch', { pollingIntervalSeconds: 2 }, async ([job]) => {
      const signals = [stopping.signal, ...(job ? [job.signal] : [])];
      // What goes wrong with one check is reported, and the next comes in a minute.
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
        // A request that hangs is not worth more than this; its rows are still in the ledger.
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

/** Best effort: what another program said of a failure, for who is allowed to read it. */
async function keepWords({ pool }: Database, what: string, error: unknown): Promise<void> {
  const words = wordsOf(error);
  if (words) await pool.query('SELECT reembed.record_words($1, $2)', [what, words]).catch(() => {});
}

/** No job shall sit out the wait of its last failure when its cause is gone. */
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
    // The schema comes with a migration, so that a worker needs no right to create anything.
    migrate: false,
    createSchema: false,
    // The watch comes by a schedule of pg-boss, which needs no right to create anything either.
    schedule: keepsWatch,
    max: 4,
    ...{ onConnect: keepOwnPath },
    superviseIntervalSeconds: 5,
    monitorIntervalSeconds: 5,
    reindex: false,
    monitorVacuum: false,
  });
  // pg-boss recovers automatically; without a listener its first hiccup would end the process.
  let last = '';
  boss.on('error', (error) => {
    // Each of its workers adds its own name, so the same failure would be said by every one of them.
    const line = `queue: ${plainMessageOf(error).replace(/ \(Queue: .*, Worker: .*\)$/, '')}`;
    if (line !== last) notice(line);
    last = line;
  });
  return boss;
}

/** Gives every open batch a job and shows a sign of life, until told to stop. A lost connection is waited out. */
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

/** An operator's fault stops every worker, once, with the reason where a DBA looks for it. */
async function pauseEverything(context: WorkContext, error: Error): Promise<void> {
  await context.database.pool
    .query("UPDATE reembed.setting SET paused = true, paused_by = 'worker', paused_reason = $1 WHERE NOT paused", [
      `a worker stopped: ${plainMessageOf(error)}`,
    ])
    .catch((failure) => context.notice(plainMessageOf(failure)));
}
