import type { ProgressRow } from './show-progress.ts';

/** Measures how fast rows are embedded while a command watches. */
export interface Pace {
  /** the row with its rate of the last minute and the time left at this rate, once both mean something */
  measure(row: ProgressRow): ProgressRow;
}

const WINDOW_MS = 60_000;
// A provider answers in portions: over a shorter time the rate is that of one or two answers.
const SHORTEST_MS = 10_000;
const FEWEST_ANSWERS = 3;

interface Reading {
  at: number;
  done: number;
}

/**
 * Creates a measurement. Until it has seen enough answers, rows keep the rate and the time left of the ledger, which are null before the
 * first percent: neither comes from a catalog of providers.
 *
 * @param now milliseconds of a clock that only goes forward
 */
export function createPace(now: () => number = () => performance.now()): Pace {
  const readings = new Map<string, Reading[]>();
  return {
    measure(row) {
      const at = now();
      const seen = (readings.get(row.campaign) ?? []).filter((reading) => at - reading.at <= WINDOW_MS);
      // A batch that starts again gives up its answered rows.
      const usable = seen.some(({ done }) => done > row.done) ? [] : seen;
      usable.push({ at, done: row.done });
      readings.set(row.campaign, usable);
      if (row.done >= row.total) return row;
      const [first] = usable as [Reading];
      const answers = new Set(usable.map(({ done }) => done)).size - 1;
      if (at - first.at < SHORTEST_MS || answers < FEWEST_ANSWERS) return row;
      const rate = (1000 * (row.done - first.done)) / (at - first.at);
      return { ...row, rows_per_second: Math.round(rate * 10) / 10, eta_seconds: (row.total - row.done) / rate };
    },
  };
}
