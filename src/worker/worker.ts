import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { PgBoss } from 'pg-boss';
import type { Config } from '../config.ts';
import { type Database, keepOwnSettings, queueConnections } from '../database/connection.ts';
import { isConnectionFailure, plainMessageOf } from '../database/database-error.ts';
import { NewerObjects, refuseNewerObjects } from '../database/objects-version.ts';
import type { WorkMonitor } from '../metrics/work-monitor.ts';
import { probeBeforeWork } from '../throttle/read-probes.ts';
import { claimForBatchApi, requireBatchApi } from './batch-api/claim.ts';
import { type ProviderBatchJob, runProviderBatch } from './batch-api/provider-batch-job.ts';
import { checkProviders } from './check-providers.ts';
import { createWorkContext, type WorkContext } from './context.ts';
import { createJobGuard, retryNow } from './job-guard.ts';
import { createTargetQueues, type TargetQueues } from './target-queues.ts';

/** A running worker process. */
export interface Worker {
  /** resolves when the worker was stopped, rejects with an error that only the operator can fix */
  finished: Promise<void>;
  /** waits up to 20 s for requests under way, stores their results, then gives up; resolves when everything is closed */
  stop(): Promise<void>;
}

/** Options of a worker. */
export interface WorkerOptions {
  /** serve only this target; it must be its full name */
  target?: string | undefined;
  /** true: stop with the error once the patience is used up, because a person waits; false: retry forever */
  giveUp?: boolean | undefined;
  /** true: the backfill uses the provider's batch API as far as it delivers vectors; changed rows do not */
  batchApi?: boolean | undefined;
  /** counts the work, for metrics */
  monitor?: WorkMonitor | undefined;
}

const WORK_CHECK_MS = 500;
const SIGN_OF_LIFE_MS = 5000;
// Below the 30 s that container platforms leave between SIGTERM and SIGKILL.
const DRAIN_MS = 20_000;
const CLEAN_UP_MS = 5000;
/** Longest time from a signal to the end of a worker. What runs it should kill it later than that. */
export const LONGEST_STOP_MS = DRAIN_MS + CLEAN_UP_MS;

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
  const { target, giveUp = false, monitor } = options;
  const context = createWorkContext(database, config, notice, { target, giveUp, stopping: stopping.signal, monitor });
  await checkProviders(context);
  const isForBatchApi = options.batchApi ?? false;
  if (isForBatchApi) await requireBatchApi(context);
  const id = randomUUID();
  const self = { id, target, isForBatchApi };
  await showSignOfLife(database, self);
  await probeBeforeWork(database.pool, stopping.signal).catch((error) => notice(`searches cannot be timed: ${plainMessageOf(error)}`));
  // A worker is usually started after something was fixed.
  await retryNow(database);
  const boss = createBoss(database, config, !giveUp, notice);
  boss.on('error', () => monitor?.queueFailed());
  await boss.start();

  let fail: (error: unknown) => void = () => {};
  let finish: () => void = () => {};
  const finished = new Promise<void>((resolve, reject) => {
    finish = resolve;
    fail = reject;
  });
  // Without this listener, a rejection between two awaits of the caller would end the process.
  finished.catch(() => {});

  const guard = createJobGuard(context, { isForBatchApi, fail });
  const queues = createTargetQueues(boss, context, guard, cutOff.signal);
  await boss.work<ProviderBatchJob>('reembed-abandoned', { pollingIntervalSeconds: 2 }, async ([job]) => {
    if (!job) return;
    await runProviderBatch(context, job.data, AbortSignal.any([job.signal, cutOff.signal])).catch((error: unknown) => {
      // The queue stores what is thrown.
      throw new Error(plainMessageOf(error));
    });
  });

  const loop = keepWorkQueued(context, queues, self, stopping.signal).catch(fail);
  let stopped: Promise<void> | undefined;
  return {
    finished,
    stop() {
      stopped ??= (async () => {
        stopping.abort();
        await loop;
        // A request that hangs is not waited for any longer; its rows are still in the ledger.
        const patience = setTimeout(() => cutOff.abort(), DRAIN_MS);
        await boss.stop({ graceful: true, timeout: LONGEST_STOP_MS });
        clearTimeout(patience);
        await context.requestLog.record(database.pool);
        await database.pool.query('DELETE FROM reembed.worker WHERE id = $1', [id]).catch(() => {});
        finish();
      })();
      return stopped;
    },
  };
}

/** The entry of a worker in reembed.worker. */
interface Self {
  id: string;
  target: string | undefined;
  isForBatchApi: boolean;
}

async function showSignOfLife({ pool }: Database, { id, target, isForBatchApi }: Self): Promise<void> {
  await pool.query(
    `INSERT INTO reembed.worker (id, host, pid, target, batch_api) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO UPDATE SET seen_at = now()`,
    [id, hostname(), process.pid, target ?? null, isForBatchApi],
  );
}

function createBoss(database: Database, config: Config, keepsWatch: boolean, notice: (line: string) => void): PgBoss {
  const boss = new PgBoss({
    connectionString: database.url,
    application_name: 'pg-reembed worker',
    schema: 'reembed_queue',
    // The schema is created by a migration, so a worker needs no right to create anything.
    migrate: false,
    createSchema: false,
    // The watch uses a schedule of pg-boss, which needs no right to create anything either.
    schedule: keepsWatch,
    max: queueConnections(config),
    ...{ onConnect: keepOwnSettings },
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

/**
 * Queues a job for every open batch, serves the targets that have jobs, and updates the heartbeat, until the signal is aborted. Survives a
 * lost connection.
 *
 * @throws NewerObjects when a newer toolkit was installed in the database meanwhile
 */
async function keepWorkQueued(context: WorkContext, queues: TargetQueues, self: Self, signal: AbortSignal): Promise<void> {
  const { database } = context;
  const { pool } = database;
  let seenAt = 0;
  while (!signal.aborted) {
    try {
      // First, because the statements below may no longer fit the objects.
      await refuseNewerObjects(pool);
      if (self.isForBatchApi) await claimForBatchApi(context);
      const { rows } = await pool.query<{ target: string }>('SELECT target FROM reembed.enqueue_work() AS target');
      const waiting = rows.map(({ target }) => target);
      await queues.serve(waiting.filter((target) => target === (self.target ?? target)));
      if (Date.now() - seenAt > SIGN_OF_LIFE_MS) {
        await showSignOfLife(database, self);
        await context.requestLog.record(pool);
        await pool.query("DELETE FROM reembed.worker WHERE seen_at < now() - interval '1 day'");
        seenAt = Date.now();
      }
      context.monitor?.lookedForWork();
    } catch (error) {
      if (error instanceof NewerObjects) throw error;
      context.notice(`${isConnectionFailure(error) ? 'database' : 'searching for work'}: ${plainMessageOf(error)}`);
      await sleep(1000, undefined, { signal }).catch(() => {});
    }
    await sleep(WORK_CHECK_MS, undefined, { signal }).catch(() => {});
  }
}
