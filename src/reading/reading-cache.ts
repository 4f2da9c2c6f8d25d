import type { Queryable } from './database.ts';
import { loadReading, type Reading } from './reading.ts';

/** Caches how a target is read, with a maximum age. */
export interface ReadingCache {
  /** the cached value, or a new one once that is too old */
  get(): Promise<Reading>;
  /** makes the next get() query again */
  forget(): void;
}

/** @param maxAgeMs maximum age of the cached value in milliseconds */
export function createReadingCache(db: Queryable, target: string | undefined, maxAgeMs: number): ReadingCache {
  let known: { reading: Promise<Reading>; askedAt: number } | undefined;
  return {
    async get() {
      if (!known || performance.now() - known.askedAt >= maxAgeMs) {
        const asked = { reading: loadReading(db, target), askedAt: performance.now() };
        known = asked;
        // A failure is not cached: the next caller queries again.
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
