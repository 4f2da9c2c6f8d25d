import { setTimeout as sleep } from 'node:timers/promises';
import type { Queryable } from '../database/connection.ts';
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
const IDLE_PROBES = 40;
const PROBES_A_LOOK = 5;
// Searches without an index take seconds: probes must neither delay the backfill for long nor be a load themselves.
const LONGEST_PROBING_MS = 5000;
const PROBING_SHARE = 0.05;
// For all snapshots that overlap, together: no space is reclaimed until the last one ends, so a longer wait is useless.
const LONGEST_YIELD_MS = 10_000;

/**
 * Measures search latency without a backfill, if `max_read_slowdown` needs it as a baseline and none is recorded yet.
 * Call it before the first batch: a baseline measured during a backfill would be too high.
 */
export async function probeIdleReads(db: Queryable, stopping: AbortSignal): Promise<void> {
  const { rows } = await db.query<{ target: string }>(
    `SELECT s.target FROM reembed.setting AS s JOIN reembed.vector_column AS v ON v.target = s.target AND v.role = 'new'
      WHERE s.max_read_slowdown IS NOT NULL AND NOT EXISTS (SELECT FROM reembed.read_probe AS p WHERE p.target = s.target AND p.is_idle)`,
  );
  for (const { target } of rows) await probe(db, target, { times: IDLE_PROBES, isIdle: true, stopping });
}

/**
 * Times searches of the live model, one after another, and records the latencies. See reembed.probe_read(). Never rejects:
 * a search that fails is no reason to stop the backfill.
 */
async function probe(
  db: Queryable,
  target: string,
  { times, isIdle, stopping }: { times: number; isIdle: boolean; stopping: AbortSignal | undefined },
): Promise<void> {
  const giveUpAt = Date.now() + LONGEST_PROBING_MS;
  try {
    for (let i = 0; i < times && Date.now() < giveUpAt && !stopping?.aborted; i++)
      await db.query('SELECT reembed.probe_read($1, $2)', [target, isIdle]);
  } catch {
    // The next check probes again.
  }
}

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
  let said = '';
  let isMeasured = false;
  let isProbing = false;
  let probeAt = 0;
  let yieldedMs = 0;

  const share = () => Math.min(besideReads.value, signals.some(({ signal }) => signal === 'vacuum') ? SHARE_BESIDE_VACUUM : 1);

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
        if (!signals.some(({ effect }) => effect === 'stops') && !mayYield()) return;
        if (mayYield()) yieldedMs += CHECK_EVERY_MS;
        await pause(CHECK_EVERY_MS);
      }
    },
    wrote(milliseconds) {
      owed = milliseconds * (1 / share() - 1);
    },
  };

  async function check(): Promise<void> {
    const { rows } = await db.query<{ probes: boolean; measured: boolean }>(
      `SELECT max_read_slowdown IS NOT NULL AS probes, EXISTS (SELECT FROM reembed.read_probe AS p WHERE p.target = s.target AND p.is_idle) AS measured
         FROM reembed.setting AS s WHERE target = $1`,
      [target],
    );
    if (rows[0]?.probes) {
      if (!rows[0].measured && !isMeasured) await probe(db, target, { times: IDLE_PROBES, isIdle: true, stopping });
      if (!isMeasured) besideReads.beginLow();
      isMeasured = true;
      void probeBesideWrites();
    }
    signals = (await db.query<Signal>('SELECT signal, effect, reason FROM reembed.check_throttle_signals($1)', [target])).rows;
    checkedAt = Date.now();
    if (!isSnapshotOld()) yieldedMs = 0;
    besideReads.adjust(signals.some(({ signal }) => signal === 'slow reads'));
    if (besideReads.isAtFloor) await measureAnew();
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

  /** Searches that are slow although the backfill hardly writes have another cause: they are the new baseline. */
  async function measureAnew(): Promise<void> {
    await probe(db, target, { times: IDLE_PROBES, isIdle: true, stopping });
    besideReads.beginLow();
  }

  /** Never rejects. Not awaited, because a search between two writes does not measure the effect of a write. */
  async function probeBesideWrites(): Promise<void> {
    const startedAt = Date.now();
    if (isProbing || startedAt < probeAt) return;
    isProbing = true;
    await probe(db, target, { times: PROBES_A_LOOK, isIdle: false, stopping });
    isProbing = false;
    probeAt = startedAt + (Date.now() - startedAt) / PROBING_SHARE;
  }

  async function pause(milliseconds: number): Promise<void> {
    await sleep(milliseconds, undefined, stopping ? { signal: stopping } : {}).catch(() => {});
  }
}
