import test from 'ava';
import { type Checked, type NotChecked, notChecked } from '../src/report/not-checked.ts';
import { type JudgedSearches, type Outcome, plainSentence } from '../src/report/plain-sentence.ts';
import { isLoosened, markOf } from '../src/report/thresholds.ts';

const SEARCHES: JudgedSearches = { grade: 'people', queries: 100, lost: 0, gained: 0, better: 0, worse: 0 };
const judged = (searches: Partial<JudgedSearches>): Outcome => ({ searches: { ...SEARCHES, ...searches }, overlap: 0.7, k: 10 });
const unjudged = (overlap: number | null, k = 10): Outcome => ({ searches: null, overlap, k });

const SENTENCES: [situation: string, outcome: Outcome, sentence: string][] = [
  ['nothing was compared', unjudged(null), 'Nobody has compared the two models yet: what changes for searches is unknown.'],
  ['nobody judged', unjudged(0.7), 'Nobody has judged any search: whether the new model is better is unknown. 3 of 10 results change.'],
  [
    'nobody judged, one result of ten changes',
    unjudged(0.9),
    'Nobody has judged any search: whether the new model is better is unknown. 1 of 10 results changes.',
  ],
  [
    'nobody judged, hardly anything changes',
    unjudged(0.97),
    'Nobody has judged any search: whether the new model is better is unknown. Fewer than 1 of 10 results changes.',
  ],
  [
    'nobody judged, nothing changes',
    unjudged(1),
    'Nobody has judged any search: whether the new model is better is unknown. No result changes.',
  ],
  [
    'nobody judged, hardly anything stays',
    unjudged(0.02),
    'Nobody has judged any search: whether the new model is better is unknown. Nearly all of 10 results change.',
  ],
  [
    'nobody judged, nothing stays',
    unjudged(0),
    'Nobody has judged any search: whether the new model is better is unknown. All 10 results change.',
  ],
  [
    'nobody judged, one result a search',
    unjudged(0.75, 1),
    'Nobody has judged any search: whether the new model is better is unknown. The first result of 25 of 100 searches changes.',
  ],
  [
    'worse',
    judged({ lost: 15, gained: 4 }),
    'Of 100 searches, 15 that used to find the right document no longer do; 4 that did not now do.',
  ],
  [
    'one lost and one gained',
    judged({ lost: 1, gained: 1 }),
    'Of 100 searches, 1 that used to find the right document no longer does; 1 that did not now does.',
  ],
  [
    'only worse',
    judged({ queries: 1200, lost: 2 }),
    'Of 1,200 searches, 2 that used to find the right document no longer do, and none finds it that did not before.',
  ],
  [
    'only better',
    judged({ gained: 4 }),
    'Of 100 searches, every one that used to find the right document still does; 4 that did not now do.',
  ],
  [
    'other ranks',
    judged({ better: 12, worse: 7 }),
    'Of 100 searches, none lost the right document and none gained it. It ranks higher in 12 and lower in 7.',
  ],
  ['equal', judged({}), 'Of 100 searches, none lost the right document and none gained it. Its rank stays the same in all of them.'],
  [
    'graded by a chat model',
    judged({ grade: 'model', lost: 3, gained: 5 }),
    'Of 100 searches graded by a chat model, 3 that used to find the right document no longer do; 5 that did not now do.',
  ],
  [
    'only made of rows',
    judged({ grade: 'rows', lost: 3, gained: 5 }),
    'Nobody has judged any search. Of 100 searches made of the words of rows, 3 that used to find their row no longer do; 5 that did not now do. Whether real searches improve is unknown.',
  ],
  [
    'one search made of a row',
    judged({ grade: 'rows', queries: 1, gained: 1 }),
    'Nobody has judged any search. Of 1 search made of the words of a row, every one that used to find its row still does; 1 that did not now does. Whether real searches improve is unknown.',
  ],
];

for (const [situation, outcome, sentence] of SENTENCES) {
  test(`the first sentence of a report, where the result is: ${situation}`, (t) => {
    t.is(plainSentence(outcome), sentence);
  });
}

test('a threshold is loosened where more passes than by its default: a maximum that is raised or taken away, a minimum that is lowered', (t) => {
  const loosened = (name: string, value: number | null, standard: number | null) => isLoosened(name, { value, default: standard });
  t.true(loosened('max_ndcg_loss', 0.2, 0.05));
  t.true(loosened('max_latency_ratio', null, 3));
  t.true(loosened('min_index_recall', 0.8, 0.95));
  t.false(loosened('max_ndcg_loss', 0.05, 0.05));
  t.false(loosened('max_ndcg_loss', 0.01, 0.05));
  t.false(loosened('min_index_recall', 0.99, 0.95));
  t.false(loosened('min_overlap', null, null));
  t.false(loosened('min_overlap', 0.5, null));
});

test('a threshold is missed or unsure by the codes of the verdict, not checked without a figure, and off without a limit', (t) => {
  const finding = (code: string) => ({ code, reason: 'a text that no program reads', remedy: null });
  const verdict = { reasons: [finding('a')], doubts: [finding('b')] };
  t.is(markOf({ codes: ['a', 'b'], measured: true, limit: 1, ...verdict }), 'missed');
  t.is(markOf({ codes: ['b'], measured: true, limit: 1, ...verdict }), 'unsure');
  t.is(markOf({ codes: ['c'], measured: true, limit: 1, ...verdict }), 'met');
  t.is(markOf({ codes: ['c'], measured: false, limit: 1, ...verdict }), 'not checked');
  t.is(markOf({ codes: ['c'], measured: true, limit: null, ...verdict }), 'off');
  // A doubt about something without a limit of its own still shows.
  t.is(markOf({ codes: ['b'], measured: false, limit: null, ...verdict }), 'unsure');
});

const COMPLETE: Checked = {
  campaign: { phase: 'index', rows_planned: 300, rows_done: 300 },
  progress: { batches: 3, batches_done: 3 },
  runs: [{ index_recall: 0.99, audit_problem: null }],
  validation: {
    evidence: { log: '2' },
    searches: { grade: 'people' },
    figures: {
      audit: [{ role: 'old' }, { role: 'new' }],
      filters: [{}],
      cutoffs: [{}],
      metrics: [
        { metric: 'ndcg', slice: 'lang', slice_value: 'en', queries: 20, before: 0.6 },
        { metric: 'overlap', slice: 'other', slice_value: 'x', queries: 5, before: null },
        { metric: 'ndcg', slice: 'length', slice_value: '1-20 characters', queries: 5, before: 0.6 },
        { metric: 'index_recall', slice: '', slice_value: '', queries: 60, before: 0.98 },
      ],
    },
  },
};

type Validated = NonNullable<Checked['validation']>;
const validated = (parts: Partial<Validated>): Checked => ({
  ...COMPLETE,
  validation: { ...(COMPLETE.validation as Validated), ...parts },
});
const figured = (parts: Partial<Validated['figures']>): Checked =>
  validated({ figures: { ...(COMPLETE.validation as Validated).figures, ...parts } });

const GAPS: [checked: Checked, code: string | null, says: RegExp][] = [
  [COMPLETE, null, /^$/],
  [{ ...COMPLETE, progress: { batches: 0, batches_done: 0 } }, 'not_planned', /npm run migrate up/],
  [
    { ...COMPLETE, progress: { batches: 3, batches_done: 2 }, campaign: { phase: 'backfill', rows_planned: 300, rows_done: 299 } },
    'backfill_unfinished',
    /1 of 300 rows is still/,
  ],
  [{ ...COMPLETE, runs: [], validation: null }, 'not_validated', /npm run validate/],
  [
    validated({ searches: null }),
    'no_judgements',
    /^Nobody has judged whether results are better or worse\. npm run validate .*--judgements/,
  ],
  [validated({ searches: { grade: 'rows' } }), 'no_judgements', /favour a model that counts words/],
  [validated({ evidence: { log: null } }), 'no_query_log', /--queries-from log/],
  [figured({ audit: [] }), 'not_audited', /--audit/],
  [
    { ...figured({ audit: [] }), runs: [{ index_recall: 0.99, audit_problem: 'The provider refused the key.' }] },
    'not_audited',
    /The provider refused the key/,
  ],
  [figured({ audit: [{ role: 'new' }] }), 'old_vectors_not_audited', /old model/],
  [figured({ filters: [] }), 'no_filters', /--filter/],
  [figured({ cutoffs: [] }), 'no_cutoffs', /--cutoff/],
  [{ ...COMPLETE, runs: [{ index_recall: null, audit_problem: null }] }, 'no_index', /without the new index/],
  [
    figured({ metrics: (COMPLETE.validation as Validated).figures.metrics.map((one) => ({ ...one, before: null })) }),
    'no_old_index',
    /old index/,
  ],
  [
    figured({ metrics: (COMPLETE.validation as Validated).figures.metrics.map((one) => ({ ...one, queries: 19 })) }),
    'small_slices',
    /lang en \(19\)\./,
  ],
];

test('what the verdict says nothing about is listed with a code and a command, one line for each gap', (t) => {
  for (const [checked, code, says] of GAPS) {
    const found = notChecked(checked);
    t.deepEqual(
      found.map((one) => one.code),
      code === null ? [] : [code],
    );
    t.regex(found.map(textOf).join('\n'), says);
  }
  const over = notChecked({ ...figured({ filters: [] }), campaign: { ...COMPLETE.campaign, phase: 'contract' } });
  t.deepEqual(
    over.map(({ code, remedy }) => [code, remedy]),
    [['no_filters', null]],
    'after contract nothing can be measured again',
  );
});

function textOf({ reason, remedy }: NotChecked): string {
  return `${reason} ${remedy}`;
}
