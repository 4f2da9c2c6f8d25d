import { setTimeout as sleep } from 'node:timers/promises';
import type { Queryable } from '../database/connection.ts';
import { probeOneRound } from './read-probes.ts';
import { createRests } from './rests.ts';
import { createWriteShare } from './write-share.ts';

/** Slows the writes of a backfill down while the database shows signs of overload. */
export interface Throttle {
  /** share of time that may currently be spent on writing, above 0 and at most 1 */
  readonly share: number;
  /** waits until the next portion may be written */
  pass(): Promise<void>;
  /** reports how many milliseconds writing a portion took */
  wrote(milliseconds: number): void;
}

interface Signal {
  signal: string;
  effect: 'stops' | 'slows' | 'none';
  reason: string;
}

const CHECK_EVERY_MS = 1000;
const SHARE_BESIDE_VACUUM = 0.25;
// For all snapshots that overlap, together: no space is reclaimed until the last one ends, so a longer wait is useless.
const LONGEST_YIELD_MS = 10_000;
// A small table, or the last rows of a large one, need not wait: so short a time of writing delays few searches.
const FREE_WRITING_MS = 200;

/**
 * Creates the throttle of one target in this process. DBAs see the signals of reembed.check_throttle_signals() in
 * reembed.health as well.
 *
 * @param stopping once aborted, writes are no longer delayed: vectors already received still have to be stored
 */
export function createThrottle(db: Queryable, target: string, notice: (line: string) => void, stopping: AbortSignal | undefined): Throttle {
  let checkedAt = 0;
  let signals: Signal[] = [];
  const besideReads = createWriteShare();
  let owed = 0;
  let free = FREE_WRITING_MS;
  let said = '';
  const rests = createRests();
  let areReadsWatched = false;
  let isProbing = false;
  let yieldedMs = 0;

  const share = () =>
    Math.min(areReadsWatched ? besideReads.value : 1, signals.some(({ signal }) => signal === 'vacuum') ? SHARE_BESIDE_VACUUM : 1);

  return {
    get share() {
      return share();
    },
    async pass() {
      if (owed > 0) {
        await pause(owed);
        owed = 0;
      }
      while (!stopping?.aborted) {
        if (Date.now() - checkedAt >= CHECK_EVERY_MS) await check();
        const mustWait = signals.some(({ effect }) => effect === 'stops') || mayYield();
        if (!mustWait && !isResting()) return;
        if (mayYield()) yieldedMs += CHECK_EVERY_MS;
        await pause(mustWait ? CHECK_EVERY_MS : rests.left);
      }
    },
    wrote(milliseconds) {
      const counted = Math.max(0, milliseconds - free);
      free -= milliseconds - counted;
      owed = counted * (1 / share() - 1);
    },
  };

  async function check(): Promise<void> {
    const { rows } = await db.query<{ now: string; rest: number; largestShare: number; hasBaseline: boolean }>(
      `SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::text AS now, reembed.rest_milliseconds(target) AS rest, reembed.largest_write_share(max_read_slowdown) AS "largestShare",
              EXISTS (SELECT FROM reembed.read_probes(target) AS p WHERE p.is_resting) AS "hasBaseline"
         FROM reembed.setting WHERE target = $1 AND max_read_slowdown IS NOT NULL`,
      [target],
    );
    areReadsWatched = rows[0] !== undefined;
    if (rows[0]) {
      rests.set(Number(rows[0].now), rows[0].rest);
      void probeReads();
    }
    signals = (await db.query<Signal>('SELECT signal, effect, reason FROM reembed.check_throttle_signals($1)', [target])).rows;
    const sinceCheck = checkedAt === 0 ? 0 : (Date.now() - checkedAt) / 1000;
    checkedAt = Date.now();
    if (!isSnapshotOld()) yieldedMs = 0;
    // What searches tolerate cannot be judged before.
    if (rows[0]?.hasBaseline)
      besideReads.adjust(
        signals.some(({ signal }) => signal === 'slow reads'),
        sinceCheck,
        rows[0].largestShare,
      );
    const inTheWay = signals.filter(({ effect }) => effect !== 'none');
    const kinds = inTheWay.map(({ signal }) => signal).join();
    if (kinds === said) return;
    said = kinds;
    notice(`${target}: ${inTheWay.length > 0 ? `throttled: ${inTheWay.map(({ reason }) => reason).join('; ')}` : 'no longer throttled'}`);
  }

  function isSnapshotOld(): boolean {
    return signals.some(({ signal, effect }) => signal === 'old snapshot' && effect === 'slows');
  }

  /** Whether to wait for an old snapshot: at most ten seconds, and then not again until a check has found none. */
  function mayYield(): boolean {
    return isSnapshotOld() && yieldedMs < LONGEST_YIELD_MS;
  }

  function isResting(): boolean {
    return areReadsWatched && rests.left > 0;
  }

  /** Not awaited: searches are timed while portions are written, and while none is. */
  async function probeReads(): Promise<void> {
    if (isProbing) return;
    isProbing = true;
    await probeOneRound(db, target, rests, stopping);
    isProbing = false;
  }

  async function pause(milliseconds: number): Promise<void> {
    await sleep(milliseconds, undefined, stopping ? { signal: stopping } : {}).catch(() => {});
  }
}
