import test from 'ava';
import fc from 'fast-check';
import { kendallTau, rankBiasedOverlap } from '../src/validation/metrics/rank-correlation.ts';
import { jaccardAt } from '../src/validation/metrics/ranking-metrics.ts';

const near = (actual: number, expected: number) => Math.abs(actual - expected) < 1e-9;

test('rank-biased overlap of two short rankings is what the formula gives by hand', (t) => {
  // Agreement 0 at depth 1 and 1 at depth 2: (0.1 / 0.9) * (0 * 0.9 + 1 * 0.81) + 1 * 0.81.
  t.true(near(rankBiasedOverlap(['a', 'b'], ['b', 'a']), 0.9));
  t.is(rankBiasedOverlap([], []), 1);
  t.is(rankBiasedOverlap(['a'], []), 0);
});

// Made with the Python package rbo 0.1.3, rbo_ext, p = 0.9.
test('rank-biased overlap agrees with another implementation', (t) => {
  t.true(near(rankBiasedOverlap([...'abcdef'], [...'badcgh']), 0.663048));
  t.true(near(rankBiasedOverlap([...'abc'], [...'bcaxyz']), 0.855));
  t.true(near(rankBiasedOverlap([...'abc'], [...'xyz']), 0));
});

test('a change of the first ranks weighs more than one of the last', (t) => {
  const ranking = [...'abcdefghij'];
  t.true(rankBiasedOverlap(ranking, [...'bacdefghij']) < rankBiasedOverlap(ranking, [...'abcdefghji']));
});

// Made with scipy 1.17, scipy.stats.kendalltau (tau-b) over the union, rows that a ranking lacks tied behind its last.
test('Kendall tau over the union agrees with another implementation', (t) => {
  t.true(near(kendallTau([...'abcdef'], [...'badcgh']), 0.5185185185185185));
  t.true(near(kendallTau([...'abc'], [...'bcaxyz']), 0.5962847939999439));
  t.true(near(kendallTau([...'abcde'], [...'fghij']), -0.7142857142857143));
});

test('Kendall tau of one row or none is undefined', (t) => {
  t.is(kendallTau([], []), 1);
  t.is(kendallTau(['a'], ['a']), 1);
  t.is(kendallTau(['a', 'b'], []), 0);
});

test('Jaccard counts shared rows against all', (t) => {
  t.is(jaccardAt([...'abcd'], [...'dxby'], 4), 2 / 6);
  t.is(jaccardAt([], [], 4), 1);
  t.is(jaccardAt(['a'], [], 4), 0);
});

const ranking = fc.uniqueArray(fc.constantFrom(...'abcdefghijkl'), { maxLength: 10 });

test('each measure is 1 for a ranking and itself, within its range, and the same either way round', (t) => {
  t.notThrows(() =>
    fc.assert(
      fc.property(ranking, ranking, (first, second) => {
        const range = [
          [rankBiasedOverlap, 0],
          [kendallTau, -1],
          [(a: string[], b: string[]) => jaccardAt(a, b, 10), 0],
        ] as const;
        return range.every(([measure, lowest]) => {
          const value = measure(first, second);
          return near(measure(first, first), 1) && value >= lowest - 1e-12 && value <= 1 + 1e-12 && near(value, measure(second, first));
        });
      }),
    ),
  );
});
