import test from 'ava';
import type { Database } from '../src/database/connection.ts';
import { createFilledCampaign, openWithSchema } from './harness/validation.ts';

let database: Database;
test.before(async () => {
  database = await openWithSchema();
  await createFilledCampaign(database.pool, 'documents', 20);
});
test.after.always(() => database?.close());

type Row = Record<string, unknown>;

/** Stores a run whose figures are good but for those given, and returns its number. */
async function runOf(figures: Row = {}, parts: Record<string, Row[]> = {}): Promise<string> {
  const run = {
    campaign: 'move_documents',
    started_at: new Date(),
    query_source: 'test',
    queries: 100,
    judged_queries: 0,
    k: 10,
    overlap: 0.05,
    index_recall: 0.95,
    searches_use_index: true,
    planner_chooses_index: true,
    index_setting: 'hnsw.ef_search = 40',
    coverage: 1,
    missing_rows: 0,
    just_changed_rows: 0,
    passed: true,
    reasons: [],
    audit_rows: 1,
    ...figures,
  };
  const id = await insert('validation', run, 'RETURNING id::text AS id');
  await insert('truth_audit', { validation: id, role: 'new', ordinal: 1, key: '{"id": 1}', similarity: 1 });
  for (const [table, rows] of Object.entries(parts)) for (const row of rows) await insert(table, { validation: id, ...row });
  return id;
}

async function insert(table: string, row: Row, returning = ''): Promise<string> {
  const columns = Object.keys(row);
  const { rows } = await database.pool.query<{ id: string }>(
    `INSERT INTO reembed.${table} (${columns.join(', ')}) VALUES (${columns.map((_, i) => `$${i + 1}`).join(', ')}) ${returning}`,
    Object.values(row),
  );
  return rows[0]?.id ?? '';
}

async function judge(id: string): Promise<{ fails: string[]; warnings: string[] }> {
  const { rows } = await database.pool.query<{ fails: boolean; reason: string }>('SELECT * FROM reembed.judge_validation($1)', [id]);
  const reasons = (fails: boolean) => rows.filter((row) => row.fails === fails).map(({ reason }) => reason);
  return { fails: reasons(true), warnings: reasons(false) };
}

async function withSetting<T>(setting: string, work: () => Promise<T>): Promise<T> {
  const [name = ''] = setting.split('=');
  const { rows } = await database.pool.query(`SELECT ${name} AS value FROM reembed.setting`);
  await database.pool.query(`UPDATE reembed.setting SET ${setting}`);
  try {
    return await work();
  } finally {
    await database.pool.query(`UPDATE reembed.setting SET ${name} = $1`, [rows[0]?.value]);
  }
}

const ndcg = (low: number | null, high: number | null): Row => ({ metric: 'ndcg', queries: 100, value: -0.1, low, high });
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

test.serial('figures exactly at their thresholds pass, rounding errors of a mean aside', async (t) => {
  t.deepEqual(await judge(await runOf()), { fails: [], warnings: [] });
  const close = { overlap: 0.05 - 1e-12, index_recall: (0.9 + 0.9 + 1 + 1) / 4 - Number.EPSILON, missing_rows: 2, just_changed_rows: 2 };
  t.deepEqual(await judge(await runOf(close)), { fails: [], warnings: [] });
});

test.serial('every missed threshold is reported with its figures', async (t) => {
  const bad = { overlap: 0.0499, index_recall: 0.9, missing_rows: 4, just_changed_rows: 2 };
  t.deepEqual((await judge(await runOf(bad))).fails, [
    'overlap@10 0.0499 is below min_overlap 0.05',
    'index recall@10 0.9000 is below min_index_recall 0.95, with hnsw.ef_search = 40',
    '2 rows lack a new vector, max_failed_rows is 0',
  ]);
});

test.serial('an index that cannot serve searches fails, one that is not chosen or not there yet does not', async (t) => {
  t.regex((await judge(await runOf({ index_recall: null, searches_use_index: false }))).fails.join(), /^searches do not use the new index/);
  const notChosen = await judge(await runOf({ planner_chooses_index: false }));
  t.deepEqual(notChosen.fails, []);
  t.regex(notChosen.warnings.join(), /^the planner does not choose the new index, which is normal for a small table/);
  const none = { index_recall: null, searches_use_index: null, planner_chooses_index: null, index_setting: null };
  t.deepEqual(await judge(await runOf(none)), { fails: [], warnings: [] });
});

test.serial('a fall of nDCG fails when its interval leaves chance out, and is reported when it does not', async (t) => {
  const fallen = { judged_queries: 100, ndcg_before: 0.5, ndcg_after: 0.4 };
  t.deepEqual((await judge(await runOf(fallen, { validation_metric: [ndcg(-0.15, -0.05)] }))).fails, [
    'nDCG@10 fell from 0.5000 to 0.4000, by more than max_ndcg_drop 0.02 (95 % interval of the difference -0.1500 to -0.0500, 100 queries)',
  ]);
  const uncertain = await judge(await runOf(fallen, { validation_metric: [ndcg(-0.25, 0.05)] }));
  t.deepEqual(uncertain.fails, []);
  t.regex(uncertain.warnings.join(), /100 queries\); the difference may be due to chance: add judged queries$/);
  const allowed = { judged_queries: 100, ndcg_before: 0.5, ndcg_after: 0.48 };
  t.deepEqual(await judge(await runOf(allowed, { validation_metric: [ndcg(-0.03, -0.01)] })), { fails: [], warnings: [] });
});

test.serial(
  'a judged run that failed is not undone by one without judgements, nor by known items, but by a better judged one',
  async (t) => {
    const judged = { judged_queries: 100, ndcg_before: 0.5 };
    const failed = await runOf({ ...judged, ndcg_after: 0.4 }, { validation_metric: [ndcg(-0.15, -0.05)] });
    const unjudged = await judge(await runOf());
    t.regex(unjudged.fails.join(), new RegExp(`^nDCG@10 fell from 0\\.5000 to 0\\.4000, .* in validation ${failed}$`));
    const knownItems = await runOf({ ...judged, ndcg_after: 0.9, known_items: true }, { validation_metric: [ndcg(0.3, 0.5)] });
    t.is((await judge(knownItems)).fails.length, 1);
    await runOf({ ...judged, ndcg_after: 0.6 }, { validation_metric: [ndcg(0.05, 0.15)] });
    t.deepEqual((await judge(await runOf())).fails, []);
  },
);

test.serial('what was found before the last batch was embedded does not count any more', async (t) => {
  await runOf({ judged_queries: 100, ndcg_before: 0.5, ndcg_after: 0.4 }, { validation_metric: [ndcg(-0.15, -0.05)] });
  await insert('batch', {
    campaign: 'move_documents',
    id: 1,
    first_place: '(0,0)',
    end_place: '(1,0)',
    rows: 1,
    state: 'done',
    finished_at: new Date(Date.now() + 500),
  });
  t.deepEqual((await judge(await runOf({ started_at: new Date(Date.now() + 1000) }))).fails, []);
  await database.pool.query('DELETE FROM reembed.batch; DELETE FROM reembed.validation');
});

test.serial('bad, shared and odd new vectors fail, those of the old model are reported', async (t) => {
  const bad = { ...NEW_VECTORS, zero_rows: 1, wrong_dimensions_rows: 2, shared_vector_rows: 6, odd_norm_rows: 7 };
  t.deepEqual((await judge(await runOf({}, { validation_integrity: [bad] }))).fails, [
    '3 new vectors are zero (1), not finite (0) or of wrong dimensions (2), max_failed_rows is 0',
    '6 of 100 new vectors are shared by rows with different texts, more than max_shared_vectors 0.05',
    '7 of 100 new vectors have an outlying length, more than max_odd_norms 0.05',
  ]);
  const old = await judge(await runOf({}, { validation_integrity: [{ ...bad, role: 'old', model: 'old-model' }] }));
  t.deepEqual(old.fails, []);
  t.is(old.warnings.length, 2);
  t.deepEqual(await judge(await runOf({}, { validation_integrity: [{ ...NEW_VECTORS, shared_vector_rows: 5, odd_norm_rows: 5 }] })), {
    fails: [],
    warnings: [],
  });
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
  const id = await runOf({}, { validation_integrity: [changed] });
  const verdict = await judge(id);
  t.deepEqual(verdict.fails, []);
  t.regex(verdict.warnings.join(), /^up to 8 old vectors changed since 2026-11-01 .* although their texts did not$/);
  await withSetting('max_changed_old_rows=7', async () => t.is((await judge(id)).fails.length, 1));
  await withSetting('max_changed_old_rows=8', async () => t.deepEqual(await judge(id), { fails: [], warnings: [] }));
});

test.serial('a filter fails when the better way of scanning brings too few rows, or not the nearest', async (t) => {
  const filter = (iterative_scan: string, returned_rows: number, index_recall: number) => ({
    filter: 'published',
    iterative_scan,
    queries: 10,
    wanted_rows: 10,
    returned_rows,
    short_queries: 5,
    index_recall,
  });
  const judged = async (...rows: Row[]) => judge(await runOf({}, { validation_filter: rows }));
  t.deepEqual(await judged(filter('off', 9, 0.95), filter('strict_order', 10, 1)), { fails: [], warnings: [] });
  t.deepEqual(await judged(filter('off', 4, 0.4), filter('strict_order', 10, 0.96)), {
    fails: [],
    warnings: [
      'where published, searches return only 0.4000 of the expected rows without iterative scan; set it to strict_order in the application',
    ],
  });
  t.deepEqual((await judged(filter('off', 4, 0.4), filter('strict_order', 8, 0.8))).fails, [
    'where published, searches return only 0.8000 of the expected rows even with iterative scan strict_order, min_filtered_rows is 0.9',
  ]);
  t.deepEqual((await judged(filter('off', 10, 0.9))).fails, ['where published, index recall is 0.9000, below min_index_recall 0.95']);
  const { rows } = await database.pool.query('SELECT max(validation)::text AS last FROM reembed.validation_filter');
  t.deepEqual((await judge(await runOf())).fails, [
    `where published (validation ${rows[0].last}), index recall is 0.9000, below min_index_recall 0.95`,
  ]);
  await database.pool.query('DELETE FROM reembed.validation');
});

test.serial('searches may take longer up to the ratio, and up to ten milliseconds whatever the ratio', async (t) => {
  const time = async (before: number, after: number) =>
    (await judge(await runOf({}, { validation_metric: [{ metric: 'search_p50_ms', queries: 50, before, after, value: after - before }] })))
      .fails;
  t.deepEqual(await time(20, 61), ['the median search takes 61.0 ms instead of 20.0 ms, more than max_latency_ratio 3']);
  t.deepEqual(await time(20, 60), []);
  t.deepEqual(await time(1, 10.9), []);
  await withSetting('max_latency_ratio=NULL', async () => t.deepEqual(await time(20, 600), []));
});

test.serial('the gate judges anew when a threshold is changed', async (t) => {
  const { pool } = database;
  await pool.query("DELETE FROM reembed.validation; UPDATE reembed.campaign SET phase = 'index'");
  await pool.query('CREATE INDEX documents_embedding_v2_idx ON documents USING hnsw (embedding_v2 vector_cosine_ops)');
  const conditions = async () =>
    (await pool.query<{ condition: string }>("SELECT condition FROM reembed.switch_gate('move_documents')")).rows.map(
      ({ condition }) => condition,
    );
  await runOf({ overlap: 0.3 });
  t.deepEqual(await conditions(), []);
  await withSetting('min_overlap=0.4', async () =>
    t.deepEqual(await conditions(), ['the last validation failed: overlap@10 0.3000 is below min_overlap 0.4']),
  );
  t.deepEqual(await conditions(), []);
});

test.serial('a threshold that cannot hold is refused by a constraint whose name says why', async (t) => {
  for (const [setting, constraint] of [
    ['max_audit_share = 0', 'max_audit_share_is_a_share'],
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
