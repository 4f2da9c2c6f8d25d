import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** Repeatable chance: one stream for each actor, so that how they interleave changes nobody's choices. */
export interface Draw {
  /** whole number from `low` to `high`, both included */
  between(low: number, high: number): number;
  /** true in a share of cases, 0 to 1 */
  chance(share: number): boolean;
  pick<T>(choices: readonly T[]): T;
  /** a name, each as often as its weight says */
  weighted<K extends string>(weights: Record<K, number>): K;
}

/** @param actor name of the stream; one seed gives every actor its own */
export function createDraw(seed: number, actor: string): Draw {
  const random = xoroshiro128plus([...actor].reduce((hash, character) => Math.imul(hash, 31) + character.charCodeAt(0), seed * 7919));
  const between = (low: number, high: number) => uniformInt(random, low, high);
  return {
    between,
    chance: (share) => between(0, 999_999) < share * 1_000_000,
    pick: (choices) => choices[between(0, choices.length - 1)] as (typeof choices)[number],
    weighted(weights) {
      const slots = (Object.keys(weights) as (keyof typeof weights)[]).flatMap((name) =>
        Array<keyof typeof weights>(weights[name]).fill(name),
      );
      return slots[between(0, slots.length - 1)] as keyof typeof weights;
    },
  };
}
