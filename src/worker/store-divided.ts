/** How to store rows in portions. */
export interface Steps<T> {
  /** the next portion; empty only when nothing is left */
  portionOf(rest: T[]): T[];
  /** whether an error of `store` says that the table refuses a row */
  isRefused(error: unknown): Promise<boolean>;
  /** stores a portion in one statement */
  store(some: T[], isLast: boolean): Promise<void>;
  /** records a row that its table refuses even alone; returns whether to go on */
  park(item: T, error: unknown): Promise<boolean>;
}

/**
 * Stores rows in portions. A portion with a row that its table refuses is halved until that row is alone, and the others are stored: that
 * takes at most about two statements for each halving. The last portion is stored even if it is empty, because it carries what ends the work.
 */
export async function storeDivided<T>(items: T[], { portionOf, isRefused, store, park }: Steps<T>): Promise<void> {
  // Number of rows from here on of which one is refused; zero when that is not known of any.
  let suspects = 0;
  let refused: T | undefined;
  for (let at = 0, isOver = false; !isOver; ) {
    const some = suspects > 0 ? items.slice(at, at + Math.ceil(suspects / 2)) : portionOf(items.slice(at));
    const isLast = at + some.length >= items.length;
    try {
      await store(some, isLast);
      suspects = Math.max(0, suspects - some.length);
    } catch (error) {
      if (some.length === 0 || !(await isRefused(error))) throw error;
      const [item] = some;
      // A row that is refused alone is tried once more: a concurrent DDL makes any write fail once ("could not open relation").
      if (some.length > 1 || item !== refused) {
        suspects = some.length;
        if (some.length === 1) refused = item;
        continue;
      }
      suspects = 0;
      if (!(await park(item as T, error))) return;
      at += 1;
      continue;
    }
    at += some.length;
    isOver = isLast;
  }
}
