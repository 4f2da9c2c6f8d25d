/** Caches what was read from the database, with a maximum age. */
export interface Cache<T> {
  /** the cached value, or a new one once that is too old */
  get(): Promise<T>;
  /** makes the next get() query again */
  forget(): void;
}

/** @param maxAgeMs maximum age of the cached value in milliseconds */
export function createCache<T>(load: () => Promise<T>, maxAgeMs: number): Cache<T> {
  let known: { value: Promise<T>; askedAt: number } | undefined;
  return {
    async get() {
      if (!known || performance.now() - known.askedAt >= maxAgeMs) {
        const asked = { value: load(), askedAt: performance.now() };
        known = asked;
        // A failure is not cached: the next caller queries again.
        asked.value.catch(() => {
          if (known === asked) known = undefined;
        });
      }
      return known.value;
    },
    forget() {
      known = undefined;
    },
  };
}
