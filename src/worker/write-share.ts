/** Share of the time that a backfill may spend on writing, so that searches stay as quick as they were. */
export interface WriteShare {
  /** above 0 and up to 1 */
  readonly value: number;
  /** searches are watched from now on: begins low, because nothing is known yet of what they tolerate */
  beginLow(): void;
  /** records whether searches are slow; to be called once a second */
  adjust(areReadsSlow: boolean): void;
}

const FIRST = 0.1;
const SMALLEST = 0.02;
const GROWTH = 1.2;
const CAUTIOUS_GROWTH = 1.1;
// Searches are judged by the last ten seconds: a cut shows only little by little, and until then they say nothing against the new share.
const LOOKS_AFTER_CUT = 5;

/** All of the time as long as searches are not watched; then it falls by half while they are slow, and grows again, warily from half of what was too much. */
export function createWriteShare(): WriteShare {
  let share = 1;
  let tooMuch = Number.POSITIVE_INFINITY;
  let looksSinceCut = LOOKS_AFTER_CUT;
  return {
    get value() {
      return share;
    },
    beginLow() {
      share = FIRST;
    },
    adjust(areReadsSlow) {
      looksSinceCut += 1;
      if (!areReadsSlow) share = Math.min(1, share * (share > tooMuch / 2 ? CAUTIOUS_GROWTH : GROWTH));
      else if (looksSinceCut > LOOKS_AFTER_CUT) {
        tooMuch = share;
        share = Math.max(SMALLEST, share / 2);
        looksSinceCut = 0;
      }
    },
  };
}
