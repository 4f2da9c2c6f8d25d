import test from 'ava';
import fc from 'fast-check';
import {
  condensedNdcgAt,
  judgedShareAt,
  ndcgAt,
  overlapAt,
  recallAt,
  reciprocalRankAt,
} from '../src/validation/metrics/ranking-metrics.ts';

const close = (actual: number, expected: number) => Math.abs(actual - expected) < 1e-12;

test('overlap counts the rows two rankings share, whatever their order', (t) => {
  t.is(overlapAt(['a', 'b', 'c', 'd'], ['d', 'x', 'b', 'y'], 4), 0.5);
  t.is(overlapAt(['a', 'b', 'c', 'd'], ['d', 'x', 'b', 'y'], 2), 0);
  t.is(overlapAt(['a', 'b'], ['b', 'a'], 10), 1);
});

test('overlap counts a result that one ranking lacks against both', (t) => {
  t.is(overlapAt(['a', 'b', 'c', 'd'], ['a'], 4), 0.25);
  t.is(overlapAt(['a'], [], 4), 0);
  t.is(overlapAt([], [], 4), 1);
});

// Gains 3, 2, 3, 0, 1, 2 at ranks 1 to 6, with 3 and 2 not found: the worked example of Wikipedia's "Discounted
// cumulative gain" (linear gain), DCG@6 = 6.861, IDCG@6 = 8.740, nDCG@6 = 0.785.
test('ndcg agrees with a worked example', (t) => {
  const gains = new Map([
    ['d1', 3],
    ['d2', 2],
    ['d3', 3],
    ['d4', 0],
    ['d5', 1],
    ['d6', 2],
    ['d7', 3],
    ['d8', 2],
  ]);
  t.is(ndcgAt(['d1', 'd2', 'd3', 'd4', 'd5', 'd6'], gains, 6).toFixed(3), '0.785');
});

test('ndcg of one relevant row is the discount of its rank', (t) => {
  const gains = new Map([['a', 1]]);
  t.is(ndcgAt(['a', 'x'], gains, 10), 1);
  t.true(close(ndcgAt(['x', 'a'], gains, 10), 1 / Math.log2(3)));
  t.is(ndcgAt(['x', 'y', 'z', 'a'], gains, 3), 0);
});

test('ndcg takes the ideal from all judgements, also of rows that were not found', (t) => {
  const gains = new Map([
    ['a', 1],
    ['b', 1],
  ]);
  t.true(close(ndcgAt(['a', 'x'], gains, 10), 1 / (1 + 1 / Math.log2(3))));
});

test('ndcg counts judgements below zero as not relevant', (t) => {
  t.is(
    ndcgAt(
      ['spam', 'a'],
      new Map([
        ['a', 1],
        ['spam', -2],
      ]),
      10,
    ),
    ndcgAt(['x', 'a'], new Map([['a', 1]]), 10),
  );
  t.is(ndcgAt(['spam'], new Map([['spam', -2]]), 10), 0);
});

test('reciprocal rank finds the first relevant row and no deeper than k', (t) => {
  const gains = new Map([
    ['a', 1],
    ['b', 2],
    ['zero', 0],
  ]);
  t.is(reciprocalRankAt(['zero', 'x', 'b', 'a'], gains, 10), 1 / 3);
  t.is(reciprocalRankAt(['zero', 'x', 'b', 'a'], gains, 2), 0);
});

test('recall is the share of relevant rows that were found', (t) => {
  const gains = new Map([
    ['a', 1],
    ['b', 2],
    ['c', 1],
    ['d', 1],
    ['zero', 0],
  ]);
  t.is(recallAt(['zero', 'a', 'x', 'b'], gains, 10), 0.5);
  t.is(recallAt(['zero', 'a', 'x', 'b'], gains, 2), 0.25);
  t.is(recallAt(['a'], new Map(), 10), 0);
});

test('the condensed nDCG ranks judged rows only, in the order of all', (t) => {
  const gains = new Map([
    ['a', 3],
    ['b', 1],
    ['zero', 0],
  ]);
  const ideal = 3 + 1 / Math.log2(3);
  // Without the two rows that nobody judged: zero, b, a.
  const expected = (0 + 1 / Math.log2(3) + 3 / 2) / ideal;
  t.true(close(condensedNdcgAt(['x', 'zero', 'y', 'b', 'a'], gains, 5), expected));
  t.true(close(ndcgAt(['x', 'zero', 'y', 'b', 'a'], gains, 5), (1 / Math.log2(5) + 3 / Math.log2(6)) / ideal));
  t.true(close(condensedNdcgAt(['x', 'zero', 'y', 'b', 'a'], gains, 4), 1 / Math.log2(3) / ideal), 'what is beyond k does not move up');
  t.is(condensedNdcgAt(['x', 'y'], gains, 5), 0);
});

test('the judged share counts rows that are judged not relevant', (t) => {
  const gains = new Map([
    ['a', 1],
    ['zero', 0],
  ]);
  t.is(judgedShareAt(['zero', 'x', 'a', 'y'], gains, 4), 0.5);
  t.is(judgedShareAt(['zero', 'x', 'a', 'y'], gains, 1), 1);
  t.is(judgedShareAt([], gains, 4), 1);
});

const ids = fc.constantFrom(...'abcdefghijklmnop');
const ranking = fc.uniqueArray(ids, { maxLength: 16 });
const judged = fc.dictionary(ids, fc.integer({ min: -1, max: 3 })).map((object) => new Map(Object.entries(object)));
const depth = fc.integer({ min: 1, max: 20 });

test('every metric stays between 0 and 1', (t) => {
  t.notThrows(() =>
    fc.assert(
      fc.property(ranking, ranking, judged, depth, (first, second, gains, k) => {
        const values = [overlapAt(first, second, k), ndcgAt(first, gains, k), reciprocalRankAt(first, gains, k), recallAt(first, gains, k)];
        return values.every((value) => value >= 0 && value <= 1 + 1e-12);
      }),
    ),
  );
});

test('the condensed nDCG equals nDCG where all results are judged, and is never below it', (t) => {
  t.notThrows(() =>
    fc.assert(
      fc.property(ranking, judged, depth, (some, gains, k) => {
        const all = new Map([...some.map((id): [string, number] => [id, 0]), ...gains]);
        return (
          close(condensedNdcgAt(some, all, k), ndcgAt(some, all, k)) && condensedNdcgAt(some, gains, k) >= ndcgAt(some, gains, k) - 1e-12
        );
      }),
    ),
  );
});

test('overlap does not depend on which ranking comes first', (t) => {
  t.notThrows(() =>
    fc.assert(fc.property(ranking, ranking, depth, (first, second, k) => overlapAt(first, second, k) === overlapAt(second, first, k))),
  );
});

test('a ranking overlaps itself fully', (t) => {
  t.notThrows(() => fc.assert(fc.property(ranking, depth, (only, k) => overlapAt(only, only, k) === 1)));
});

test('the ideal ranking has ndcg 1', (t) => {
  t.notThrows(() =>
    fc.assert(
      fc.property(judged, depth, (gains, k) => {
        fc.pre([...gains.values()].some((gain) => gain > 0));
        const ideal = [...gains].sort(([, a], [, b]) => b - a).map(([id]) => id);
        return close(ndcgAt(ideal, gains, k), 1);
      }),
    ),
  );
});

test('moving a better judged row one rank up never lowers a metric', (t) => {
  t.notThrows(() =>
    fc.assert(
      fc.property(ranking, judged, depth, fc.nat(), (rows, gains, k, seed) => {
        fc.pre(rows.length > 1);
        const at = seed % (rows.length - 1);
        const [upper = '', lower = ''] = rows.slice(at, at + 2);
        fc.pre((gains.get(lower) ?? 0) > (gains.get(upper) ?? 0));
        const better = rows.with(at, lower).with(at + 1, upper);
        return [ndcgAt, reciprocalRankAt, recallAt].every((metric) => metric(better, gains, k) >= metric(rows, gains, k) - 1e-12);
      }),
    ),
  );
});
