import test from 'ava';
import { parseCandidate } from '../src/compare/candidates.ts';
import { nearestRows } from '../src/compare/nearest.ts';
import { decide, marginOf, type OutcomeFacts, type OutcomeKind, type SliceGain } from '../src/compare/outcome.ts';

const FACTS: OutcomeFacts = {
  evidence: 'people',
  presentDisagrees: false,
  queries: 200,
  before: 0.6,
  difference: { value: 0.08, low: 0.04, high: 0.12 },
  slices: [],
  isCheaper: false,
  isSmaller: false,
};

const slice = (value: string, gain: number, pNoGain: number, pNoLoss = 1, queries = 40): SliceGain => ({
  slice: 'language',
  value,
  queries,
  before: 0.5,
  after: 0.5 + gain,
  pNoGain,
  pNoLoss,
});

test('the margin is 5 % of the old figure, and at least 0.01', (t) => {
  t.deepEqual([0.6, 0.1, 0].map(marginOf), [0.03, 0.01, 0.01]);
});

for (const [name, changed, kind, says] of [
  ['a gain beyond chance and the margin', {}, 'worth it', 'better, by more than chance'],
  [
    'a gain beyond chance but below the margin',
    { difference: { value: 0.02, low: 0.01, high: 0.029 } },
    'equal',
    'neither cheaper nor smaller',
  ],
  [
    'an interval within the margin',
    { difference: { value: 0, low: -0.02, high: 0.02 }, isCheaper: true, isSmaller: true },
    'equal',
    'cheaper and smaller',
  ],
  [
    'an interval that reaches beyond the margin',
    { difference: { value: 0, low: -0.05, high: 0.05 } },
    'unsure',
    'about 560 judged queries',
  ],
  ['a gain that chance may explain', { difference: { value: 0.05, low: -0.01, high: 0.11 } }, 'unsure', 'about 800 judged queries'],
  ['an interval below 0', { difference: { value: -0.08, low: -0.12, high: -0.001 } }, 'not worth it', 'it is worse'],
  ['a gain of fewer than 20 queries', { queries: 19 }, 'unsure', 'too few'],
  ['a gain that only queries made of rows say', { evidence: 'rows' }, 'unsure', 'made of rows'],
  [
    'a loss within the margin by queries made of rows',
    { evidence: 'rows', difference: { value: -0.03, low: -0.05, high: -0.001 } },
    'unsure',
    'made of rows',
  ],
  [
    'a clear loss by queries made of rows',
    { evidence: 'rows', difference: { value: -0.2, low: -0.3, high: -0.1 } },
    'not worth it',
    'beyond the margin',
  ],
  ['a gain over vectors of another model', { presentDisagrees: true }, 'unsure', 'not of the model'],
  ['no judgement', { evidence: 'none', difference: undefined }, 'unsure', 'no query has judgements'],
] as [string, Partial<OutcomeFacts>, OutcomeKind, string][]) {
  test(`${name} is ${kind}`, (t) => {
    const outcome = decide({ ...FACTS, ...changed });
    t.is(outcome.kind, kind);
    t.true(outcome.reasons.join().includes(says), outcome.reasons.join());
  });
}

test('slices that gain by more than chance among all slices make a candidate worth it for them, by name', (t) => {
  const unsure = { value: 0, low: -0.05, high: 0.05 };
  const decided = (slices: SliceGain[]) => decide({ ...FACTS, difference: unsure, slices });
  const gained = decided([slice('de', 0.2, 0.001), slice('en', 0, 0.5)]);
  t.is(gained.kind, 'worth it for these slices');
  t.regex(gained.reasons.join(), /better for language = de \(nDCG 0\.500 -> 0\.700\)/);
  // Each alone would pass at 0.025; of three, the smallest has to be below a third of it.
  t.is(decided([slice('de', 0.2, 0.02), slice('en', 0, 0.5), slice('fr', 0, 0.5)]).kind, 'unsure');
  t.is(decided([slice('de', 0.2, 0.001, 1, 19)]).kind, 'unsure');
  t.is(decided([slice('de', 0.01, 0.001)]).kind, 'unsure');
});

test('a candidate that is better over all but loses in a slice is worth it with a warning', (t) => {
  const { kind, reasons } = decide({ ...FACTS, slices: [slice('de', -0.3, 1, 0.001), slice('en', 0.3, 0.001)] });
  t.is(kind, 'worth it');
  t.regex(reasons.join(), /loses more than the margin for language = de/);
});

test('a candidate is a model with optional dimensions and provider; colons and @ may belong to its name', (t) => {
  const parsed = (spec: string) => {
    const { model, dimensions, provider } = parseCandidate(spec);
    return [model, dimensions, provider];
  };
  t.deepEqual(parsed('text-embedding-3-large:1024'), ['text-embedding-3-large', 1024, null]);
  t.deepEqual(parsed('bge-m3@local'), ['bge-m3', undefined, 'local']);
  t.deepEqual(parsed('arctic-embed2:568m:512@local'), ['arctic-embed2:568m', 512, 'local']);
  t.deepEqual(parsed('@cf/vendor/bge-m3'), ['@cf/vendor/bge-m3', undefined, null]);
  t.throws(() => parseCandidate(' '), { code: 'usage' });
});

test('the nearest rows are those of each distance, ties go to the first, and a row without a vector is not found', (t) => {
  const rows = [[1, 0], [3, 3], undefined, [0, 1], [0, 1]].map((row) => row && Float32Array.from(row));
  const query = [Float32Array.from([2, 0.1])];
  t.deepEqual(nearestRows(rows, query, 'cosine', 3), [[0, 1, 3]]);
  t.deepEqual(nearestRows(rows, query, 'l2', 2), [[0, 3]]);
  t.deepEqual(nearestRows(rows, query, 'inner_product', 5), [[1, 0, 3, 4]]);
});
