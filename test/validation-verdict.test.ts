import test from 'ava';
import type { Database } from '../src/database/connection.ts';
import { createFilledCampaign, openWithSchema } from './harness/validation.ts';
import { createVerdicts, judged, PASS, type Row } from './harness/verdicts.ts';

let database: Database;
test.before(async () => {
  database = await openWithSchema();
  await createFilledCampaign(database.pool, 'documents', 20);
});
test.after.always(() => database?.close());

const { forget, judge, partsOf, runOf, withSetting } = createVerdicts(() => database.pool);
test.beforeEach(forget);

const NEW_VECTORS = {
  role: 'new',
  model: 'new-model',
  rows: 100,
  zero_rows: 0,
  not_finite_rows: 0,
  wrong_dimensions_rows: 0,
  unit_length_rows: 100,
  odd_norm_rows: 0,
  shared_vector_rows: 0,
};

test.serial('good figures on enough judged queries pass', async (t) => {
  t.deepEqual(await judge(await runOf()), { ...PASS, reasons: '' });
});

test.serial('every missed threshold is reported with its figures', async (t) => {
  const bad = { missing_rows: 4, just_changed_rows: 2 };
  const queries = judged({ recall: 0.9, more: { search_ms_before: 20, search_ms_after: 61 } });
  await withSetting('min_overlap=0.9', async () => {
    const { verdict, fail, reasons } = await judge(await runOf(bad, { validation_query: queries }));
    t.is(verdict, 'fail');
    t.deepEqual(fail, ['overlap_low', 'index_recall_low', 'search_slow', 'vectors_missing']);
    t.is(
      reasons,
      [
        'overlap@10 of 200 queries is 0.5000, between 0.4931 and 0.5069; min_overlap is 0.9',
        'index recall@10 of 200 queries is 0.9000, between 0.8872 and 0.9049, with hnsw.ef_search = 40; min_index_recall is 0.95',
        'the median search takes 61.0 ms instead of 20.0 ms, and 200 of 200 searches take more than max_latency_ratio 3 times as long as before and 10 ms longer',
        '2 rows lack a new vector, max_failed_rows is 0',
      ].join('\n'),
    );
  });
});

test.serial('overlap is judged only where min_overlap is set, because good models may share few results', async (t) => {
  const id = await runOf({}, { validation_query: judged({ more: { overlap: 0 } }) });
  t.deepEqual(await judge(id), PASS);
  await withSetting('min_overlap=0.05', async () => t.deepEqual((await judge(id)).fail, ['overlap_low']));
});

test.serial('an index that cannot serve searches fails, one that is not chosen or not there yet does not', async (t) => {
  t.deepEqual((await judge(await runOf({ index_recall: null, searches_use_index: false }))).fail, ['index_unused']);
  t.deepEqual((await judge(await runOf({ planner_chooses_index: false }))).warning, ['index_not_chosen']);
  const none = { index_recall: null, searches_use_index: null, planner_chooses_index: null, index_setting: null };
  t.deepEqual(await judge(await runOf(none)), PASS);
});

test.serial('index recall is judged by an interval: few queries decide nothing, the default number decides', async (t) => {
  const recall = async (values: number[], figures: Row = {}) =>
    judge(await runOf(figures, { validation_query: judged().map((row, i) => ({ ...row, index_recall: values[i] ?? null })) }));
  const few = await recall([0.8, 1, 1]);
  t.deepEqual([few.verdict, few.unsure], ['unsure', ['index_recall_undecided']]);
  t.regex(few.reasons, /^index recall@10 of 3 queries is 0\.9333, .*; about [\d,]+ more queries would decide$/);
  t.is((await recall(Array.from({ length: 200 }, (_, i) => (i % 10 === 0 ? 0.9 : 1)))).verdict, 'pass');
});

test.serial('index recall adds up over runs of one index and setting, and starts anew when either changes', async (t) => {
  const part = (first: number) => ({ validation_query: judged({ queries: 40, first }) });
  await runOf({ index_file: 1 }, part(1));
  const again = await judge(await runOf({ index_file: 1 }, part(1)));
  t.true(again.unsure.includes('index_recall_undecided'), 'the same queries are no more of them');
  t.false((await judge(await runOf({ index_file: 1 }, part(41)))).unsure.includes('index_recall_undecided'));
  t.true((await judge(await runOf({ index_file: 2 }, part(81)))).unsure.includes('index_recall_undecided'));
  t.true(
    (await judge(await runOf({ index_file: 1, index_setting: 'hnsw.ef_search = 100' }, part(121)))).unsure.includes(
      'index_recall_undecided',
    ),
  );
});

test.serial('bad, shared and odd new vectors fail, those of the old model are reported', async (t) => {
  const bad = { ...NEW_VECTORS, zero_rows: 1, wrong_dimensions_rows: 2, shared_vector_rows: 6, odd_norm_rows: 7 };
  const { fail, reasons } = await judge(await partsOf({ validation_integrity: [bad] }));
  t.deepEqual(fail, ['vectors_unusable', 'vectors_shared', 'vectors_odd']);
  t.is(
    reasons,
    [
      '3 new vectors are zero (1), not finite (0) or of wrong dimensions (2), max_failed_rows is 0',
      '6 of 100 new vectors are shared by rows with different texts, more than max_shared_vectors 0.05',
      '7 of 100 new vectors have an outlying length, more than max_odd_norms 0.05',
    ].join('\n'),
  );
  const old = await judge(await partsOf({ validation_integrity: [{ ...bad, role: 'old', model: 'old-model' }] }));
  t.deepEqual([old.verdict, old.warning], ['pass', ['vectors_shared', 'vectors_odd']]);
  t.deepEqual(await judge(await partsOf({ validation_integrity: [{ ...NEW_VECTORS, shared_vector_rows: 5, odd_norm_rows: 5 }] })), PASS);
});

test.serial('old vectors that changed under the same text are reported, and fail where max_changed_old_rows says so', async (t) => {
  const changed = {
    ...NEW_VECTORS,
    role: 'old',
    model: 'old-model',
    checksum_at: '2026-11-01T08:30:00Z',
    unchanged_rows: 92,
    set_aside_rows: 0,
    changed_rows: 8,
  };
  const id = await partsOf({ validation_integrity: [changed] });
  const { verdict, warning, reasons } = await judge(id);
  t.deepEqual([verdict, warning], ['pass', ['old_vectors_changed']]);
  t.regex(reasons, /^up to 8 old vectors changed since 2026-11-01 .* although their texts did not$/);
  await withSetting('max_changed_old_rows=7', async () => t.deepEqual((await judge(id)).fail, ['old_vectors_changed']));
  await withSetting('max_changed_old_rows=8', async () => t.deepEqual(await judge(id), PASS));
});

test.serial('a filter fails when the better way to scan returns too few rows, or not the nearest', async (t) => {
  const filter = (iterative_scan: string, share: number, index_recall: number, queries = 100) => ({
    filter: 'published',
    iterative_scan,
    queries,
    wanted_rows: 10,
    returned_rows: 10 * share,
    short_queries: 5,
    index_recall,
    returned_share: share,
    returned_share_sd: 0.01,
    index_recall_sd: 0.01,
  });
  const of = async (...rows: Row[]) => judge(await partsOf({ validation_filter: rows }));
  t.deepEqual(await of(filter('off', 0.9, 0.95), filter('strict_order', 1, 1)), PASS);
  const scanned = await of(filter('off', 0.4, 0.4), filter('strict_order', 1, 0.99));
  t.deepEqual([scanned.verdict, scanned.warning], ['pass', ['iterative_scan_needed']]);
  t.deepEqual((await of(filter('off', 0.4, 0.4), filter('strict_order', 0.8, 0.8))).fail, ['filter_short', 'filter_recall_low']);
  t.deepEqual((await of(filter('off', 1, 0.8))).fail, ['filter_recall_low']);
  t.deepEqual((await of(filter('off', 1, 1, 10))).unsure, ['filter_undecided', 'filter_undecided']);
  await of(filter('off', 1, 0.8));
  const { rows } = await database.pool.query('SELECT max(validation)::text AS last FROM reembed.validation_filter');
  t.regex(
    (await judge(await runOf())).reasons,
    new RegExp(`^where published \\(validation ${rows[0].last}\\), index recall of 100 queries is 0\\.8000`),
  );
});

test.serial('searches may take longer up to the ratio, and up to ten milliseconds whatever the ratio', async (t) => {
  const time = async (search_ms_before: number, search_ms_after: number, timed = 50) =>
    judge(
      await runOf(
        {},
        {
          validation_query: judged().map((row, i) => ({
            ...row,
            ...(i < timed ? { search_ms_before, search_ms_after } : { search_ms_before: null, search_ms_after: null }),
          })),
        },
      ),
    );
  t.deepEqual((await time(20, 61)).fail, ['search_slow']);
  t.is((await time(20, 60)).verdict, 'pass');
  t.is((await time(1, 10.9)).verdict, 'pass');
  t.deepEqual((await time(20, 61, 3)).unsure, ['latency_undecided']);
  await withSetting('max_latency_ratio=NULL', async () => t.is((await time(20, 600)).verdict, 'pass'));
});

test.serial('a threshold that cannot hold is refused by a constraint whose name says why', async (t) => {
  for (const [setting, constraint] of [
    ['max_audit_share = 0', 'max_audit_share_is_a_share'],
    ['max_ndcg_loss = 1.1', 'max_ndcg_loss_is_a_share'],
    ['min_overlap = -0.1', 'min_overlap_is_a_share'],
    ['min_filtered_rows = -0.1', 'min_filtered_rows_is_a_share'],
    ['max_latency_ratio = 0', 'max_latency_ratio_is_positive'],
    ['min_audit_similarity = 2', 'min_audit_similarity_is_at_most_one'],
    ['max_shared_vectors = 2', 'max_shared_vectors_is_a_share'],
    ['max_odd_norms = 2', 'max_odd_norms_is_a_share'],
    ['max_changed_old_rows = -1', 'max_changed_old_rows_is_not_negative'],
    ['query_log_percent = 101', 'query_log_percent_is_a_percentage'],
    ['query_log_rows = 0', 'query_log_rows_is_positive'],
  ]) {
    const error = await t.throwsAsync<Error & { constraint?: string }>(database.pool.query(`UPDATE reembed.setting SET ${setting}`));
    t.is(error?.constraint, constraint);
  }
});
