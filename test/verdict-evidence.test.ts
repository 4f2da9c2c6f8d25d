import test from 'ava';
import type { Database } from '../src/database/connection.ts';
import { createFilledCampaign, openWithSchema } from './harness/validation.ts';
import { createVerdicts, judged, PASS, type Queries, type Row } from './harness/verdicts.ts';

let database: Database;
test.before(async () => {
  database = await openWithSchema();
  await createFilledCampaign(database.pool, 'documents', 20);
});
test.after.always(() => database?.close());

const { forget, insert, judge, runOf, withSetting } = createVerdicts(() => database.pool);
test.beforeEach(forget);

test.serial('a loss of nDCG fails when it is beyond the margin beyond doubt, and is unsure while it may be within it', async (t) => {
  const lost = await judge(await runOf({}, { validation_query: judged({ mean: -0.1, sd: 0.3 }) }));
  t.deepEqual(lost.fail, ['quality_lost']);
  t.is(
    lost.reasons,
    'nDCG@10 of 200 queries judged by people went from 0.6400 to 0.5400, and a loss of 0.0320 is tolerated (max_ndcg_loss 0.05; look 1 of 5, difference between -0.1529 and -0.0517)',
  );
  const uncertain = await judge(await runOf({}, { validation_query: judged({ mean: -0.1, sd: 0.9 }) }));
  t.deepEqual([uncertain.verdict, uncertain.unsure], ['unsure', ['quality_undecided']]);
  t.regex(uncertain.reasons, /; about [\d,]+ more queries would decide$/);
  await forget();
  const near = await judge(await runOf({}, { validation_query: judged({ mean: -0.032, sd: 0.3 }) }));
  t.regex(near.reasons, /no reasonable number of queries would decide$/);
  const within = await runOf({}, { validation_query: judged({ mean: -0.01, sd: 0.05 }) });
  t.is((await judge(within)).verdict, 'pass');
  await withSetting('max_ndcg_loss=0', async () => t.is((await judge(within)).verdict, 'unsure', 'a loss of 0.01 is always tolerated'));
});

test.serial('a handful of equal queries proves nothing', async (t) => {
  const { verdict, unsure } = await judge(await runOf({}, { validation_query: judged({ queries: 20 }) }));
  t.deepEqual([verdict, unsure], ['unsure', ['quality_undecided', 'index_recall_undecided']]);
});

test.serial('without any judged query the verdict is unsure, however much the results overlap', async (t) => {
  const unjudged = judged({ more: { overlap: 1, grade: null, ndcg_before: null, ndcg_after: null } });
  const { verdict, unsure } = await judge(await runOf({}, { validation_query: unjudged }));
  t.deepEqual([verdict, unsure], ['unsure', ['no_judgements']]);
});

test.serial('a few queries after a certain fail do not undo it, be they others or the same again', async (t) => {
  await runOf({}, { validation_query: judged({ mean: -0.4, sd: 0.44, queries: 300 }) });
  for (const [number, first] of [1, 4, 301, 304, 307, 310, 313].entries()) {
    const { fail } = await judge(await runOf({}, { validation_query: judged({ queries: 3, first, mean: 0.3 }) }));
    t.deepEqual(fail, ['quality_lost'], `${number}`);
  }
  const unjudged = judged({ first: 400, more: { grade: null, ndcg_before: null, ndcg_after: null } });
  t.deepEqual((await judge(await runOf({}, { validation_query: unjudged }))).fail, ['quality_lost']);
});

test.serial('the newest result of a query counts', async (t) => {
  await runOf({}, { validation_query: judged({ mean: -0.4 }) });
  t.is((await judge(await runOf({}, { validation_query: judged() }))).verdict, 'pass');
});

test.serial('five runs may add queries; what later ones add makes no run pass, the same queries again are no new look', async (t) => {
  const part = (first: number) => ({ validation_query: judged({ queries: 25, first }) });
  const verdicts: string[] = [];
  for (const first of [1, 1, 26, 51, 76, 76]) verdicts.push((await judge(await runOf({}, part(first)))).verdict);
  t.deepEqual(verdicts, ['unsure', 'unsure', 'unsure', 'unsure', 'unsure', 'unsure']);
  const fifth = await runOf({}, part(101));
  t.deepEqual(await judge(fifth), PASS);
  await forget();
  for (const first of [1, 11, 21, 31, 41]) await runOf({}, { validation_query: judged({ queries: 10, first }) });
  const late = await judge(await runOf({}, { validation_query: judged({ queries: 500, first: 51 }) }));
  t.deepEqual([late.verdict, late.unsure], ['unsure', ['looks_exhausted']]);
  const lost = await judge(await runOf({}, { validation_query: judged({ queries: 500, first: 600, mean: -0.4 }) }));
  t.is(lost.verdict, 'fail');
});

test.serial('better evidence overrules worse in both directions, and leaves its fail standing while it is unsure', async (t) => {
  const rows = (mean: number) => runOf({}, { validation_query: judged({ grade: 'rows', before: 0.926, mean, sd: 0.3 }) });
  const people = (mean: number, queries = 300, sd = 0.13) => runOf({}, { validation_query: judged({ mean, queries, sd, first: 1000 }) });
  const model = (mean: number) => runOf({}, { validation_query: judged({ grade: 'model', mean, sd: 0.13 }) });

  t.deepEqual((await judge(await rows(-0.106))).fail, ['quality_lost']);
  t.deepEqual((await judge(await people(0, 10))).fail, ['quality_lost'], 'ten judged queries say nothing yet');
  const equal = await judge(await people(0));
  t.deepEqual([equal.verdict, equal.warning], ['pass', ['quality_overruled']]);

  await forget();
  t.is((await judge(await rows(0.05))).verdict, 'pass');
  t.is((await judge(await model(-0.3))).verdict, 'fail');
  t.is((await judge(await people(0))).verdict, 'pass');

  await forget();
  await rows(0.2);
  t.is((await judge(await people(-0.113))).verdict, 'fail');

  await forget();
  await rows(0.2);
  t.is((await judge(await people(-0.2, 20, 0.44))).verdict, 'unsure', 'what people judged points to a loss');
  await forget();
  await rows(0.2);
  t.is((await judge(await people(0.01, 20, 0.3))).verdict, 'pass');
});

test.serial('queries that repeat the words of their row never suffice to pass, and fail', async (t) => {
  const lexical = (mean: number, lexical_share: number | null) =>
    runOf({ lexical_share }, { validation_query: judged({ grade: 'rows', before: 0.75, mean, sd: 0.2 }) });
  t.deepEqual((await judge(await lexical(0.246, 0.8))).unsure, ['lexical_queries']);
  t.deepEqual((await judge(await lexical(-0.246, 0.8))).fail, ['quality_lost']);
  await forget();
  t.is((await judge(await lexical(0.246, 0.3))).verdict, 'pass');
  t.is((await judge(await lexical(0.246, null))).verdict, 'pass');
});

test.serial('a slice of at least 20 queries that is lost fails by name, also when a later run does not slice', async (t) => {
  const part = (lang: string, queries: number, first: number, more: Queries = {}) =>
    judged({ queries, first, sd: 0.2, ...more, more: { slices: { lang, kind: 'terms' } } });
  const numbered = (rows: Row[]) => rows.map((row, i) => ({ ...row, ordinal: i + 1 }));
  const id = await runOf(
    {},
    { validation_query: numbered([...part('en', 400, 1, { mean: 0.05 }), ...part('de', 20, 500, { before: 0.413, mean: -0.413, sd: 0 })]) },
  );
  const { fail, reasons } = await judge(id);
  t.deepEqual(fail, ['slice_lost']);
  t.regex(reasons, /^nDCG@10 where lang is de fell from 0\.4130 to 0\.0000 in 20 queries/);
  const later = judged({ queries: 420, mean: 0.05, sd: 0.2 }).map((row, i) => ({ ...row, query: `people ${i < 400 ? i + 1 : i + 100}` }));
  for (const row of later.slice(400)) Object.assign(row, { ndcg_before: 0.413, ndcg_after: 0 });
  t.deepEqual((await judge(await runOf({}, { validation_query: later }))).fail, ['slice_lost']);

  await forget();
  const small = await runOf(
    {},
    { validation_query: numbered([...part('en', 400, 1, { mean: 0.05 }), ...part('de', 19, 500, { before: 0.413, mean: -0.413, sd: 0 })]) },
  );
  t.is((await judge(small)).verdict, 'pass');
});

test.serial('of many slices that chance lets fall a little, none fails', async (t) => {
  const slices = Array.from({ length: 20 }, (_, i) =>
    judged({ queries: 20, first: 100 * i, mean: i === 0 ? -0.26 : 0.02, sd: 0.2, more: { slices: { topic: `${i}` } } }),
  );
  const rows = slices.flat().map((row, i) => ({ ...row, ordinal: i + 1 }));
  t.deepEqual((await judge(await runOf({}, { validation_query: rows }))).fail, []);
  await forget();
  const alone = await judge(await runOf({}, { validation_query: rows.slice(0, 20) }));
  t.true(alone.fail.includes('slice_lost'), 'alone it is beyond chance');
});

test.serial('a slice lost by queries made of rows stands until people judge that slice, and how they were made is no slice', async (t) => {
  const made = (slices: Row) => judged({ grade: 'rows', before: 0.4, mean: -0.38, sd: 0.1, queries: 40, more: { slices } });
  await runOf({}, { validation_query: judged({ queries: 300, sd: 0.13 }) });
  t.deepEqual((await judge(await runOf({}, { validation_query: made({ lang: 'de', kind: 'terms' }) }))).fail, ['slice_lost']);
  const people = judged({ queries: 300, first: 2000, sd: 0.1, more: { slices: { lang: 'de' } } });
  t.deepEqual((await judge(await runOf({}, { validation_query: people }))).fail, []);
});

test.serial('what was found before the last batch was embedded does not count any more', async (t) => {
  await runOf({}, { validation_query: judged({ mean: -0.4 }) });
  await insert('batch', {
    campaign: 'move_documents',
    id: 1,
    leaf: 'documents',
    first_place: '(0,0)',
    end_place: '(1,0)',
    rows: 1,
    state: 'done',
    finished_at: new Date(Date.now() + 500),
  });
  t.is(
    (await judge(await runOf({ started_at: new Date(Date.now() + 1000) }, { validation_query: judged({ first: 500 }) }))).verdict,
    'pass',
  );
});
