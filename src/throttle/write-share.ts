/** Share of time that a backfill may spend on writing, so that searches keep their latency. */
export interface WriteShare {
  /** above 0 and up to 1 */
  readonly value: number;
  /** records whether searches are slow; call it once a second */
  adjust(areReadsSlow: boolean): void;
}

const FIRST = 0.25;
const SMALLEST = 0.02;
const FIRST_GROWTH = 2;
const GROWTH = 1.2;
const CAUTIOUS_GROWTH = 1.1;
// Searches are judged by the last ten seconds, so a cut shows only gradually. Until then they are no evidence against the new share.
const CHECKS_AFTER_CUT = 5;

/**
 * The share begins low, because what searches tolerate is not known yet, and doubles until they are slow for the first time. It halves while
 * they are slow, and grows again, more slowly above half of the share that was too much.
 */
export function createWriteShare(): WriteShare {
  let share = FIRST;
  let tooMuch = Number.POSITIVE_INFINITY;
  let checksSinceCut = CHECKS_AFTER_CUT;
  const growth = () => {
    if (tooMuch === Number.POSITIVE_INFINITY) return FIRST_GROWTH;
    return share > tooMuch / 2 ? CAUTIOUS_GROWTH : GROWTH;
  };
  return {
    get value() {
      return share;
    },
    adjust(areReadsSlow) {
      checksSinceCut += 1;
      if (!areReadsSlow) share = Math.min(1, share * growth());
      else if (checksSinceCut > CHECKS_AFTER_CUT) {
        tooMuch = share;
        share = Math.max(SMALLEST, share / 2);
        checksSinceCut = 0;
      }
    },
  };
}
