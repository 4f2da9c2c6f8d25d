import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../config.ts';
import type { Database } from '../database/connection.ts';
import { isDrained, throwIfPaused } from './open-work.ts';
import { startWorker, type WorkerOptions } from './worker.ts';

/**
 * Processes the queue in this process until nothing is left or `until` holds, then stops.
 *
 * @param until stop condition, evaluated about twice a second; by default that no work is left
 * @param onTick called about twice a second, to show progress
 * @param signal stops after the batches in progress
 * @throws ProviderUnavailable when every provider that is still needed is unavailable for longer than the patience; WorkPaused, WorkStuck
 */
export async function drain(
  database: Database,
  config: Config,
  options: Pick<WorkerOptions, 'target' | 'batchApi' | 'monitor'> & {
    notice: (line: string) => void;
    onTick?: () => Promise<void>;
    until?: () => Promise<boolean>;
    signal?: AbortSignal;
  },
): Promise<void> {
  const { target, batchApi, monitor } = options;
  const until = options.until ?? (() => isDrained(database.pool, target));
  const worker = await startWorker(database, config, options.notice, { giveUp: true, target, batchApi, monitor });
  let over = false;
  const ticking = (async () => {
    while (!over && !options.signal?.aborted) {
      await options.onTick?.();
      if (await until()) return;
      await throwIfPaused(database.pool, target);
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
