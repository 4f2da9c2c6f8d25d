import type { JobWithMetadata, PgBoss } from 'pg-boss';
import type { Queryable } from '../database/connection.ts';
import { watchTarget } from '../watch/check-targets.ts';
import { type ProviderBatchJob, runProviderBatch } from './batch-api/provider-batch-job.ts';
import { type BatchJob, runBatch } from './batch-job.ts';
import { type CatchUpJob, runCatchUp } from './catch-up-job.ts';
import type { WorkContext } from './context.ts';
import type { JobGuard } from './job-guard.ts';

// The number of lanes in reembed.change_lane(). With fewer, a lane would wait while the others are written to.
const CATCH_UP_LANES = 4;
// A provider batch that takes minutes to store must not prevent the next one from being submitted.
const PROVIDER_BATCHES = 2;
// Jobs are fetched so often while there are any. A queue that is no longer fetched from costs nothing.
const POLLING = { pollingIntervalSeconds: 0.5 };
const IDLE_MS = 10_000;

/** Works on the queues of targets while they have jobs. Each target has slots of its own, so that none waits for another's provider. */
export interface TargetQueues {
  /** @param targets those that have jobs waiting */
  serve(targets: string[]): Promise<void>;
}

/** @param cutOff aborts the jobs in hand */
export function createTargetQueues(boss: PgBoss, context: WorkContext, guard: JobGuard, cutOff: AbortSignal): TargetQueues {
  const served = new Map<string, { suffix: string; neededAt: number }>();
  return {
    async serve(targets) {
      for (const target of targets) {
        const suffix = served.get(target)?.suffix ?? (await suffixOf(context.database.pool, target));
        if (suffix === undefined) continue;
        if (served.get(target)?.suffix !== suffix) await open(target, suffix);
        served.set(target, { suffix, neededAt: Date.now() });
      }
      for (const [target, { suffix, neededAt }] of served) {
        if (Date.now() - neededAt < IDLE_MS) continue;
        served.delete(target);
        for (const kind of ['batch', 'catch_up', 'provider_batch', 'watch']) await boss.offWork(`${kind}_${suffix}`, { wait: false });
      }
    },
  };

  async function open(target: string, suffix: string): Promise<void> {
    for (let slot = 0; slot < context.config.concurrency; slot++) {
      const id = await boss.work<BatchJob>(`batch_${suffix}`, POLLING, async ([job]) => {
        if (!job) return;
        let rows = 0;
        await guard(target, 'batch', `${job.data.campaign} ${job.data.batch}`, async () => {
          rows = await runBatch(context, job.data, { signal: signalOf(job) });
        });
        // After one batch there may be another: the half second of polling would dominate the time of small batches.
        if (rows > 0) boss.notifyWorker(id);
      });
    }
    await boss.work<CatchUpJob>(`catch_up_${suffix}`, { ...POLLING, localConcurrency: CATCH_UP_LANES }, async ([job]) => {
      if (job) await guard(target, 'changed rows', `${target} ${job.data.lane}`, () => runCatchUp(context, job.data, signalOf(job)));
    });
    await boss.work<ProviderBatchJob>(`provider_batch_${suffix}`, { ...POLLING, localConcurrency: PROVIDER_BATCHES }, async ([job]) => {
      if (job) await guard(target, 'batch API', `provider batch ${job.data.id}`, () => runProviderBatch(context, job.data, signalOf(job)));
    });
    // A worker with `giveUp` serves a person who waits; it does not run the watch.
    if (context.giveUp) return;
    await boss.work(`watch_${suffix}`, { pollingIntervalSeconds: 2 }, async ([job]) => {
      const signals = [context.stopping, job?.signal].filter((signal) => signal !== undefined);
      await watchTarget(context, target, AbortSignal.any(signals));
    });
  }

  function signalOf({ signal }: Pick<JobWithMetadata, 'signal'>): AbortSignal {
    return AbortSignal.any([signal, cutOff]);
  }
}

async function suffixOf(db: Queryable, target: string): Promise<string | undefined> {
  const { rows } = await db.query<{ suffix: string }>('SELECT suffix FROM reembed.target WHERE name = $1', [target]);
  return rows[0]?.suffix;
}
