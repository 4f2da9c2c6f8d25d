import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** Reproducible random numbers, one stream per actor, so that interleaving does not affect the choices of any actor. */
export interface Draw {
  /** integer from `low` to `high`, inclusive */
  between(low: number, high: number): number;
  /** true with a probability from 0 to 1 */
  chance(share: number): boolean;
  pick<T>(choices: readonly T[]): T;
  /** a name, drawn with its weight */
  weighted<K extends string>(weights: Record<K, number>): K;
}

/** @param actor name of the stream; one seed gives each actor a stream of its own */
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
