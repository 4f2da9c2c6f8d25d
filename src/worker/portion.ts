/** How many rows to write in one transaction, so that the application never waits long for a row it shares with a worker. */
export interface Portion {
  readonly rows: number;
  /** tells how long that many rows took, in milliseconds; the next portion is larger or smaller for it */
  took(rows: number, milliseconds: number): void;
}

// Well under lock_timeout: a row update that is not HOT also goes into the vector index of the old column, at a millisecond or more.
const AIM_MS = 100;
const FEWEST_ROWS = 10;
const MOST_ROWS = 2000;

/** Starts with the fewest, because nothing is known yet of how expensive an update of this table is. */
export function createPortion(): Portion {
  let size = FEWEST_ROWS;
  return {
    get rows() {
      return size;
    },
    took(rows, milliseconds) {
      const fitting = (rows * AIM_MS) / Math.max(1, milliseconds);
      // Half way, because one measurement says little on a busy server; a full portion at least, or it says nothing about larger ones.
      if (rows >= size || fitting < size)
        size = Math.round(Math.min(MOST_ROWS, Math.max(FEWEST_ROWS, (size + Math.min(fitting, size * 4)) / 2)));
    },
  };
}
