import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../config.ts';
import type { Database, Queryable } from '../database/connection.ts';
import { ReembedError } from '../errors.ts';
import { startWorker } from './worker.ts';

/** Work remains, but it is paused. */
export class WorkPaused extends ReembedError {
  constructor(target: string, reason: string | null) {
    super('paused', `${target} is paused${reason ? `: ${reason}` : ''}`, 'npm run setting -- paused=false');
  }
}

/** Whether no batch is open, no row changed more than a few seconds ago is waiting, and the table was swept. */
export async function isNearlyDrained(db: Queryable): Promise<boolean> {
  const { rows } = await db.query<{ drained: boolean }>(
    `SELECT NOT EXISTS (SELECT FROM reembed.batch WHERE state = 'pending')
        AND NOT EXISTS (SELECT FROM reembed.target WHERE reembed.late_rows(name) > 0)
        AND NOT EXISTS (SELECT FROM reembed.campaign WHERE phase = 'backfill' AND reembed.needs_sweep(name) OR needs_old_sweep) AS drained`,
  );
  return rows[0]?.drained ?? true;
}

/** Whether no batch is open, no changed row is waiting, and the table was swept. */
export async function isDrained(db: Queryable): Promise<boolean> {
  const { rows } = await db.query<{ drained: boolean }>(
    `SELECT NOT EXISTS (SELECT FROM reembed.batch WHERE state = 'pending')
        AND NOT EXISTS (SELECT FROM reembed.change)
        AND NOT EXISTS (SELECT FROM reembed.campaign WHERE phase = 'backfill' AND reembed.needs_sweep(name) OR needs_old_sweep) AS drained`,
  );
  return rows[0]?.drained ?? true;
}

/**
 * Processes the queue in this process until nothing is left or `until` holds, then stops.
 *
 * @param until stop condition, evaluated about twice a second; by default that no work is left
 * @param onTick called about twice a second, to show progress
 * @param signal stops after the batches in progress
 * @param batchApi see WorkerOptions
 * @throws ProviderUnavailable when a provider is unavailable for longer than the patience; WorkPaused, WorkStuck
 */
export async function drain(
  database: Database,
  config: Config,
  options: {
    notice: (line: string) => void;
    onTick?: () => Promise<void>;
    until?: () => Promise<boolean>;
    signal?: AbortSignal;
    batchApi?: boolean;
  },
): Promise<void> {
  const until = options.until ?? (() => isDrained(database.pool));
  const worker = await startWorker(database, config, options.notice, { giveUp: true, batchApi: options.batchApi ?? false });
  let over = false;
  const ticking = (async () => {
    while (!over && !options.signal?.aborted) {
      await options.onTick?.();
      if (await until()) return;
      await throwIfPaused(database.pool);
      await sleep(400);
    }
  })();
  try {
    await Promise.race([ticking, worker.finished]);
  } finally {
    over = true;
    await worker.stop();
    await ticking.catch(() => {});
  }
}

/** @throws WorkPaused when paused work is waiting, because a person waits for the result */
export async function throwIfPaused(db: Queryable): Promise<void> {
  const { rows } = await db.query<{ target: string; reason: string | null }>(
    `SELECT s.target, s.paused_reason AS reason FROM reembed.setting AS s
      WHERE s.paused AND (EXISTS (SELECT FROM reembed.change AS c WHERE c.target = s.target)
         OR EXISTS (SELECT FROM reembed.batch AS b JOIN reembed.campaign AS m ON m.name = b.campaign WHERE m.target = s.target AND b.state = 'pending'))`,
  );
  if (rows[0]) throw new WorkPaused(rows[0].target, rows[0].reason);
}
