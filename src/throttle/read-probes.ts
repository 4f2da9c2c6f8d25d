import { setTimeout as sleep } from 'node:timers/promises';
import type { Queryable } from '../database/connection.ts';
import type { Rests } from './rests.ts';

const PROBES = 40;
// Portions under way, perhaps of another worker, have to end first, and requests in flight.
const UNTIL_QUIET_MS = 500;
const LONGEST_START_MS = 5000;

/**
 * Times searches of the live model for one round: some during a rest, twice as many between this rest and the next. See reembed.probe_read().
 * Never rejects: a search that fails is no reason to stop the backfill.
 */
export async function probeOneRound(db: Queryable, target: string, rests: Rests, stopping: AbortSignal | undefined): Promise<void> {
  // A worker that has nothing left to do ends without waiting for the next rest.
  const wait = (milliseconds: number) => sleep(milliseconds, undefined, { ref: false, ...(stopping && { signal: stopping }) });
  try {
    await wait(rests.untilNext + UNTIL_QUIET_MS);
    let probes = 0;
    // A search that would end after the rest would be delayed by writes.
    for (let longest = 0; probes < PROBES && rests.left > longest && !stopping?.aborted; probes++)
      longest = Math.max(longest, await probe(db, target, true));
    await wait(rests.left);
    for (const distance = rests.untilNext / (2 * probes + 1); rests.untilNext > distance; ) {
      await wait(distance);
      await probe(db, target, false);
    }
  } catch {
    // The next round probes again.
  }
}

/**
 * Times searches of targets whose `max_read_slowdown` needs a baseline, if none was measured lately. Call it before the first request.
 */
export async function probeBeforeWork(db: Queryable, stopping: AbortSignal): Promise<void> {
  const { rows } = await db.query<{ target: string }>(
    `SELECT s.target FROM reembed.setting AS s JOIN reembed.vector_column AS v ON v.target = s.target AND v.role = 'new'
      WHERE s.max_read_slowdown IS NOT NULL AND NOT EXISTS (SELECT FROM reembed.read_probes(s.target) AS p WHERE p.is_resting)`,
  );
  for (const { target } of rows) {
    const giveUpAt = performance.now() + LONGEST_START_MS;
    try {
      for (let i = 0; i < PROBES && performance.now() < giveUpAt && !stopping.aborted; i++) await probe(db, target, true);
    } catch {
      // The first rest gives the baseline.
    }
  }
}

/** @returns milliseconds until the answer */
async function probe(db: Queryable, target: string, isResting: boolean): Promise<number> {
  const startedAt = performance.now();
  await db.query('SELECT reembed.probe_read($1, $2)', [target, isResting]);
  return performance.now() - startedAt;
}
