/** Share of time that a backfill may spend on writing, so that searches keep their latency. */
export interface WriteShare {
  /** above 0 and up to 1 */
  readonly value: number;
  /**
   * records whether searches are slow
   *
   * @param seconds since the last record
   * @param largest what the share may not exceed
   */
  adjust(areReadsSlow: boolean, seconds: number, largest: number): void;
}

const FIRST = 0.1;
const SMALLEST = 0.02;
// Searches are judged by the last ten seconds: what a larger share does to them shows only after that time, and until then a cut does not show either.
const UNTIL_IT_SHOWS_SECONDS = 10;
const GROWTH = 2;
const CAUTIOUS_GROWTH = 1.25;

/**
 * The share begins low, because what searches tolerate is not known yet, and doubles every ten seconds until they are slow for the first time. It
 * halves while they are slow, and then grows more slowly above half of the share that was too much.
 */
export function createWriteShare(): WriteShare {
  let share = FIRST;
  let tooMuch = Number.POSITIVE_INFINITY;
  let sinceCut = UNTIL_IT_SHOWS_SECONDS;
  const growth = () => (share > tooMuch / 2 ? CAUTIOUS_GROWTH : GROWTH);
  return {
    get value() {
      return share;
    },
    adjust(areReadsSlow, seconds, largest) {
      sinceCut += seconds;
      if (!areReadsSlow) share = Math.min(largest, share * growth() ** (seconds / UNTIL_IT_SHOWS_SECONDS));
      else if (sinceCut > UNTIL_IT_SHOWS_SECONDS) {
        tooMuch = share;
        share = Math.max(SMALLEST, share / 2);
        sinceCut = 0;
      }
    },
  };
}
