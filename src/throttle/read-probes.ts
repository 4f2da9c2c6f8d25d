import { setTimeout as sleep } from 'node:timers/promises';
import type { Queryable } from '../database/connection.ts';
import type { Rests } from './rests.ts';

const MOST_PROBES = 10;
// A portion that began before the rest, perhaps in another worker, has to end first.
const LAST_WRITES_MS = 30;

/**
 * Times searches of the live model for one round: some during a rest, some between this rest and the next. See reembed.probe_read().
 * Never rejects: a search that fails is no reason to stop the backfill.
 */
export async function probeOneRound(db: Queryable, target: string, rests: Rests, stopping: AbortSignal | undefined): Promise<void> {
  const wait = (milliseconds: number) => sleep(milliseconds, undefined, stopping ? { signal: stopping } : {});
  try {
    await wait(rests.untilNext + LAST_WRITES_MS);
    let probes = 0;
    // A search that would end after the rest would be delayed by writes.
    for (let longest = 0; probes < MOST_PROBES && rests.left > longest; probes++) longest = Math.max(longest, await probe(true));
    await wait(rests.left);
    for (const distance = rests.untilNext / (probes + 1); probes > 0; probes--) {
      await wait(distance);
      await probe(false);
    }
  } catch {
    // The next round probes again.
  }

  async function probe(isResting: boolean): Promise<number> {
    const startedAt = performance.now();
    await db.query('SELECT reembed.probe_read($1, $2)', [target, isResting]);
    return performance.now() - startedAt;
  }
}
