import type { LoadResult } from '../backfill/live-load.ts';

/** What runs beside the application in a period. */
export const CONDITIONS = ['idle', 'backfill', 'backfill and vacuum'] as const;
export type Condition = (typeof CONDITIONS)[number];

/** Latencies of the application under one condition, in milliseconds, and the speed of the backfill. */
export interface Figures {
  condition: Condition;
  seconds: number;
  rowsPerSecond: number;
  reads: Percentiles;
  writes: Percentiles;
}

/** Percentiles of some latencies; null when there are none. */
export interface Percentiles {
  samples: number;
  p50: number | null;
  p95: number | null;
  p99: number | null;
  highest: number | null;
}

/** All samples of one condition, over all its periods. */
export interface Taken {
  reads: number[];
  writes: number[];
  seconds: number;
  rows: number;
}

/** Collects the samples of every condition. */
export function createTally() {
  const taken = new Map<Condition, Taken>();
  const of = (condition: Condition): Taken => {
    const present = taken.get(condition) ?? { reads: [], writes: [], seconds: 0, rows: 0 };
    taken.set(condition, present);
    return present;
  };
  return {
    of,
    add(condition: Condition, { samples }: LoadResult, period: { seconds: number; rows: number }) {
      const present = of(condition);
      present.reads.push(...samples.reads);
      present.writes.push(...samples.writes);
      present.seconds += period.seconds;
      present.rows += period.rows;
    },
    figures: (): Figures[] =>
      [...taken].map(([condition, { reads, writes, seconds, rows }]) => ({
        condition,
        seconds,
        rowsPerSecond: rows / seconds,
        reads: percentiles(reads),
        writes: percentiles(writes),
      })),
  };
}

export type Tally = ReturnType<typeof createTally>;

/** Percentiles of latencies in microseconds, in milliseconds. */
export function percentiles(microseconds: number[]): Percentiles {
  const sorted = microseconds.toSorted((a, b) => a - b);
  const at = (share: number) => (sorted.length === 0 ? null : (sorted[Math.ceil(share * sorted.length) - 1] ?? 0) / 1000);
  return { samples: sorted.length, p50: at(0.5), p95: at(0.95), p99: at(0.99), highest: at(1) };
}
