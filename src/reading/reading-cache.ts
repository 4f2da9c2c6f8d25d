import type { Queryable } from '../database/connection.ts';
import { loadReading, type Reading } from './reading.ts';

/** Keeps how a target is read, and asks again now and then. */
export interface ReadingCache {
  /** what was read last, or what is read now once that is too old */
  get(): Promise<Reading>;
  /** lets the next get() ask again */
  forget(): void;
}

/** @param maxAgeMs after how long it asks again */
export function createReadingCache(db: Queryable, target: string | undefined, maxAgeMs: number): ReadingCache {
  let known: { reading: Promise<Reading>; askedAt: number } | undefined;
  return {
    async get() {
      if (!known || performance.now() - known.askedAt >= maxAgeMs) {
        const asked = { reading: loadReading(db, target), askedAt: performance.now() };
        known = asked;
        // A failure is not kept: whoever comes next asks again.
        asked.reading.catch(() => {
          if (known === asked) known = undefined;
        });
      }
      return known.reading;
    },
    forget() {
      known = undefined;
    },
  };
}
