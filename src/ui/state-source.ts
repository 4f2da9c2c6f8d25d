import { setTimeout as sleep } from 'node:timers/promises';

/** A text with its number: a reader that has seen one asks for the next. */
export interface Reading {
  number: number;
  text: string;
}

/** Readings that all open pages share. */
export interface StateSource {
  /** The first reading after that number. Nothing is read while nobody waits here. */
  after(number: number): Promise<Reading>;
}

/**
 * @param read must not reject
 * @param pauseMs least time between two readings
 */
export function createStateSource(read: () => Promise<string>, pauseMs: number): StateSource {
  let latest: Reading = { number: 0, text: '' };
  let readAt = Number.NEGATIVE_INFINITY;
  let underWay: Promise<Reading> | undefined;
  const next = async (): Promise<Reading> => {
    await sleep(Math.max(0, readAt + pauseMs - performance.now()), undefined, { ref: false });
    latest = { number: latest.number + 1, text: await read() };
    readAt = performance.now();
    underWay = undefined;
    return latest;
  };
  return {
    async after(number) {
      if (latest.number > number && performance.now() < readAt + pauseMs) return latest;
      underWay ??= next();
      return underWay;
    },
  };
}
