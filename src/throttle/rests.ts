/** When workers rest, so that searches can be timed without the backfill. */
export interface Rests {
  /** sets the clock of the database and how long a rest is, both in milliseconds */
  set(databaseNow: number, length: number): void;
  /** milliseconds until the present rest ends; 0 between two rests */
  readonly left: number;
  /** milliseconds until the next rest begins; 0 during one */
  readonly untilNext: number;
}

/** A rest is this share of a round. */
const SHARE = 0.075;

/** All workers of a database rest at the same moments, because they go by its clock. */
export function createRests(now: () => number = Date.now): Rests {
  let ahead = 0;
  let length = 1500;
  const round = () => length / SHARE;
  const sinceRound = () => (now() + ahead) % round();
  return {
    set(databaseNow, restLength) {
      ahead = databaseNow - now();
      length = restLength;
    },
    get left() {
      return Math.max(0, length - sinceRound());
    },
    get untilNext() {
      return this.left > 0 ? 0 : round() - sinceRound();
    },
  };
}
