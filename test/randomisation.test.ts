import test from 'ava';
import fc from 'fast-check';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { ASSIGNMENTS, countWins, randomisationTest } from '../src/validation/metrics/randomisation.ts';

/** Share of all assignments of signs whose sum is at least as far from 0 as the observed one, worked out by trying all of them. */
function exactP(differences: readonly number[]): number {
  const observed = Math.abs(differences.reduce((sum, one) => sum + one, 0));
  const all = 2 ** differences.length;
  const extreme = Array.from({ length: all }, (_, signs) =>
    Math.abs(differences.reduce((sum, one, i) => sum + ((signs >> i) & 1 ? one : -one), 0)),
  ).filter((sum) => sum >= observed - 1e-9).length;
  return extreme / all;
}

test('the p-value is that of all assignments of signs, but for the error of drawing ten thousand of them', (t) => {
  const tenths = fc.array(
    fc.integer({ min: -10, max: 10 }).map((n) => n / 10),
    { minLength: 1, maxLength: 10 },
  );
  t.notThrows(() =>
    fc.assert(
      fc.property(tenths, fc.integer({ min: 1, max: 1_000_000 }), (differences, seed) => {
        const exact = exactP(differences);
        const error = Math.sqrt((exact * (1 - exact)) / ASSIGNMENTS);
        return Math.abs(randomisationTest(differences, seed) - exact) <= 5 * error + 2 / ASSIGNMENTS;
      }),
      { seed: 14, numRuns: 60 },
    ),
  );
});

test('the test has two sides: a gain and a loss of the same size have the same p-value', (t) => {
  const gains = [0.4, 0.1, 0.2, 0.3, 0.5, 0.1, 0.2, 0.6];
  const losses = gains.map((gain) => -gain);
  for (const differences of [gains, losses]) {
    const p = randomisationTest(differences, 7);
    t.true(Math.abs(p - 2 / 256) < 0.0025, `${p}`);
  }
});

test('between equal models every p-value is as frequent as any other', (t) => {
  const generator = xoroshiro128plus(5);
  const values = Array.from({ length: 300 }, (_, i) => {
    const differences = Array.from({ length: 25 }, () => uniformInt(generator, -1_000_000, 1_000_000) / 1_000_000);
    return randomisationTest(differences, i + 1);
  });
  for (const level of [0.05, 0.25, 0.5, 0.75]) {
    const share = values.filter((p) => p <= level).length / values.length;
    // Four standard errors of a share of 300.
    t.true(Math.abs(share - level) <= 4 * Math.sqrt((level * (1 - level)) / 300), `${share} of the p-values are at most ${level}`);
  }
});

test('queries that did not change have no influence, and without any change p is 1', (t) => {
  const differences = [0.3, -0.1, 0.2, 0.4];
  t.is(randomisationTest([...differences, 0, 0, 0], 3), randomisationTest(differences, 3));
  t.is(randomisationTest([0, 0, 1e-12], 3), 1);
  t.is(randomisationTest([], 3), 1);
});

test('p is never 0, and the same seed gives the same value', (t) => {
  const differences = Array.from({ length: 100 }, () => 0.5);
  t.is(randomisationTest(differences, 1), 1 / (ASSIGNMENTS + 1));
  t.is(randomisationTest([0.1, -0.3, 0.2], 9), randomisationTest([0.1, -0.3, 0.2], 9));
});

test('queries are won, lost or equal; the last digits of a sum do not count', (t) => {
  t.deepEqual(countWins([0.2, -0.1, 0, 0.1 + 0.2 - 0.3, 1]), { wins: 2, losses: 1, ties: 2 });
});
