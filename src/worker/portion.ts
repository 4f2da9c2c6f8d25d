/** Number of rows to write in one transaction, chosen so that the application never waits long for a row lock of a worker. */
export interface Portion {
  readonly rows: number;
  /** reports how many milliseconds so many rows took; adjusts the size of the next portion */
  took(rows: number, milliseconds: number): void;
}

// Well below lock_timeout: a row update that is not HOT also updates the vector index of the old column, which takes a
// millisecond or more.
const AIM_MS = 25;
const FEWEST_ROWS = 10;
const MOST_ROWS = 2000;

/** Starts with the smallest size, because the cost of an update of this table is not known yet. */
export function createPortion(): Portion {
  let size = FEWEST_ROWS;
  return {
    get rows() {
      return size;
    },
    took(rows, milliseconds) {
      const fitting = (rows * AIM_MS) / Math.max(1, milliseconds);
      // Moves only half way, because a single measurement on a busy server is unreliable. A portion that was not full
      // says nothing about larger ones.
      if (rows >= size || fitting < size)
        size = Math.round(Math.min(MOST_ROWS, Math.max(FEWEST_ROWS, (size + Math.min(fitting, size * 4)) / 2)));
    },
  };
}
