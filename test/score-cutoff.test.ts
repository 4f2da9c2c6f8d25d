import test from 'ava';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { quantile } from '../src/validation/metrics/quantile.ts';
import { bestCutoff, mapCutoff, qualityAt } from '../src/validation/metrics/score-cutoff.ts';
import { scoreOf } from '../src/validation/metrics/scores.ts';

/** Scores of ten results for each of 200 queries, evenly from 0 to 1. */
function evenScores(seed: number): number[][] {
  const generator = xoroshiro128plus(seed);
  return Array.from({ length: 200 }, () => Array.from({ length: 10 }, () => uniformInt(generator, 0, 1_000_000) / 1_000_000));
}

test('when every score is halved and raised by 0.3, the cut-off changes in the same way', (t) => {
  const old = evenScores(1);
  const renewed = old.map((scores) => scores.map((score) => score / 2 + 0.3));
  for (const cutoff of [0.2, 0.5, 0.8]) {
    const moved = mapCutoff(old, renewed, cutoff, 1);
    t.true(Math.abs((moved.newCutoff ?? 0) - (cutoff / 2 + 0.3)) < 0.001, String(moved.newCutoff));
    t.is(moved.share.after, moved.share.before);
    // Of the same results, draw by draw: only their spacing is left to chance.
    t.true((moved.low ?? 0) > cutoff / 2 + 0.298 && (moved.high ?? 1) < cutoff / 2 + 0.302);
  }
});

test('of independent scores from 0.5 to 1, the cut-off keeps the share as well, and its interval holds the true one', (t) => {
  const renewed = evenScores(2).map((scores) => scores.map((score) => 0.5 + score / 2));
  const moved = mapCutoff(evenScores(1), renewed, 0.8, 1);
  t.true(Math.abs(moved.share.before - 0.2) < 0.03);
  t.true(Math.abs((moved.share.after ?? 0) - moved.share.before) <= 1 / 2000 + 1e-9);
  t.true((moved.low ?? 1) <= 0.9 && 0.9 <= (moved.high ?? 0), JSON.stringify(moved));
});

test('a cut-off that keeps everything maps to the lowest score, one that keeps nothing to none', (t) => {
  const [old, renewed] = [
    [[0.9, 0.8], [0.7]],
    [[0.5, 0.4], [0.3]],
  ];
  t.like(mapCutoff(old, renewed, 0.1, 1), { newCutoff: 0.3, share: { before: 1, after: 1 } });
  t.deepEqual(mapCutoff(old, renewed, 0.95, 1), { share: { before: 0, after: null }, newCutoff: null, low: null, high: null });
});

test('rows of one score are kept together', (t) => {
  const moved = mapCutoff([[0.9, 0.5, 0.5, 0.1]], [[0.8, 0.6, 0.6, 0.2]], 0.6, 1);
  t.is(moved.newCutoff, 0.7);
});

test('the best cut-off is the one with the highest F1 over all judged queries', (t) => {
  const results = [
    { scores: [0.9, 0.8, 0.7], relevant: [true, true, false], relevantRows: 2 },
    { scores: [0.85, 0.6, 0.5], relevant: [true, false, true], relevantRows: 2 },
    { scores: [0.99], relevant: null, relevantRows: 0 },
  ];
  // At 0.8 three rows are kept, all relevant, of four there are.
  t.deepEqual(bestCutoff(results), { cutoff: 0.8, quality: { precision: 1, recall: 0.75, f1: 6 / 7 } });
  t.deepEqual(qualityAt(results, 0.5), { precision: 4 / 6, recall: 1, f1: 0.8 });
  t.deepEqual(qualityAt(results, 0.95), { precision: 0, recall: 0, f1: 0 });
  t.is(bestCutoff([{ scores: [0.5], relevant: [false], relevantRows: 1 }]), undefined);
  t.is(qualityAt([{ scores: [0.5], relevant: null, relevantRows: 0 }], 0.1), undefined);
});

test('a higher score is better with every distance', (t) => {
  t.is(scoreOf('cosine', { distance: 0.25 }), 0.75);
  t.is(scoreOf('inner_product', { distance: -3 }), 3);
  t.is(scoreOf('l2', { distance: 2 }), -2);
});

test('a quantile lies on the line between its neighbours, as percentile_cont has it', (t) => {
  t.is(quantile([1, 2, 3, 4], 0.5), 2.5);
  t.is(quantile([1, 2, 3, 4], 0), 1);
  t.is(quantile([1, 2, 3, 4], 1), 4);
  t.is(quantile([7], 0.3), 7);
});
