import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** Number of random assignments of signs. */
export const ASSIGNMENTS = 10_000;

// Differences of metrics are sums of fractions: equal ones may differ in the last digits.
const TOLERANCE = 1e-9;
const SIGNS_A_DRAW = 30;

/** How many queries got better, worse and stayed the same. */
export interface WinsAndLosses {
  wins: number;
  losses: number;
  ties: number;
}

/** Counts the queries by the sign of their difference, new minus old. */
export function countWins(differences: readonly number[]): WinsAndLosses {
  const wins = differences.filter((difference) => difference > TOLERANCE).length;
  const losses = differences.filter((difference) => difference < -TOLERANCE).length;
  return { wins, losses, ties: differences.length - wins - losses };
}

/**
 * Two-sided p-value of a paired randomisation test of the mean difference (Smucker, Allan and Carterette, "A comparison of statistical
 * significance tests for information retrieval evaluation", CIKM 2007): if the models were equal, each difference could as well have the
 * other sign. The observed assignment counts as one of those drawn, so that p is never 0 and the test never rejects too often (Phipson and
 * Smyth, "Permutation p-values should never be zero", 2010).
 *
 * @param differences of one metric, new minus old, one per query
 * @param seed the same seed gives the same value
 * @returns above 0, to 1; 1 if no query differs
 */
export function randomisationTest(differences: readonly number[], seed: number): number {
  // Queries without a difference do not change the sum, whatever their sign.
  const unequal = Float64Array.from(differences.filter((difference) => Math.abs(difference) > TOLERANCE));
  if (unequal.length === 0) return 1;
  const observed = Math.abs(unequal.reduce((sum, difference) => sum + difference, 0));
  const generator = xoroshiro128plus(seed);
  let extreme = 0;
  for (let assignment = 0; assignment < ASSIGNMENTS; assignment++) {
    let sum = 0;
    let signs = 0;
    for (let i = 0; i < unequal.length; i++) {
      if (i % SIGNS_A_DRAW === 0) signs = uniformInt(generator, 0, 2 ** SIGNS_A_DRAW - 1);
      sum += signs & 1 ? (unequal[i] as number) : -(unequal[i] as number);
      signs >>= 1;
    }
    if (Math.abs(sum) >= observed - TOLERANCE) extreme += 1;
  }
  return (extreme + 1) / (ASSIGNMENTS + 1);
}
