import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import type { Database } from '../src/database/connection.ts';
import { ndcgAt, overlapAt } from '../src/validation/metrics/ranking-metrics.ts';
import type { ValidateOptions } from '../src/validation/validate.ts';
import { changeLog } from './harness/catalog.ts';
import { NEW_DIMENSIONS, NEW_MODEL, OLD_DIMENSIONS, OLD_MODEL, textOf, vectorText } from './harness/documents.ts';
import { vectorOf } from './harness/provider.ts';
import { createFilledCampaign, openWithSchema, validateTable } from './harness/validation.ts';

const folder = mkdtempSync(join(tmpdir(), 'reembed-validation-'));
let database: Database;
test.before(async () => {
  database = await openWithSchema();
});
test.after.always(async () => {
  rmSync(folder, { recursive: true, force: true });
  await database?.close();
});

const QUERIES = ['river stone winter', 'violin', 'copper bridge number 12', 'a garden with a mirror'];
const ROWS = 120;

function run(table: string, options: Partial<ValidateOptions> = {}) {
  return validateTable(database, table, options);
}

function fileOf(name: string, lines: string[]): string {
  const path = join(folder, name);
  writeFileSync(path, lines.join('\n'));
  return path;
}

/** Ids of rows 1 to ROWS, nearest first by cosine distance, worked out here. */
function bruteForce(query: string, model: string, dimensions: number): string[] {
  const q = vectorOf(model, query, dimensions);
  const cosine = (v: Float32Array) => v.reduce((sum, x, i) => sum + x * (q[i] ?? 0), 0) / Math.hypot(...v);
  return Array.from({ length: ROWS }, (_, i) => ({ id: String(i + 1), score: cosine(vectorOf(model, textOf(i + 1), dimensions)) }))
    .sort((a, b) => b.score - a.score)
    .map(({ id }) => id);
}

test('the figures are those of a brute-force comparison, query by query', async (t) => {
  await createFilledCampaign(database.pool, 'brute', ROWS);
  await database.pool.query('CREATE INDEX brute_embedding_v2_idx ON brute USING hnsw (embedding_v2 vector_cosine_ops)');
  const path = fileOf('brute.txt', QUERIES);
  // Query 1 is judged by the new model's own ranking, query 2 by the old one's; the others are not judged.
  const rankings = QUERIES.map((query) => ({
    before: bruteForce(query, OLD_MODEL, OLD_DIMENSIONS),
    after: bruteForce(query, NEW_MODEL, NEW_DIMENSIONS),
  }));
  const judgements = new Map([
    ['1', new Map(rankings[0]?.after.slice(0, 3).map((id, i) => [id, 3 - i]))],
    ['2', new Map(rankings[1]?.before.slice(0, 2).map((id) => [id, 1]))],
  ]);
  const result = await run('brute', { queries: { kind: 'file', path }, judgements, k: 7 });

  result.queries.forEach((query, i) => {
    const { before = [], after = [] } = rankings[i] ?? {};
    const gains = judgements.get(String(i + 1));
    t.is(query.label, `${i + 1}: ${QUERIES[i]}`);
    t.is(query.overlap, overlapAt(before, after, 7), query.label);
    t.deepEqual(query.indexRecall, { before: null, after: 1 }, query.label);
    t.deepEqual(query.judged?.ndcg, gains && { before: ndcgAt(before, gains, 7), after: ndcgAt(after, gains, 7) });
  });
  t.is(result.queries[0]?.judged?.ndcg.after, 1);
  t.is(result.queries[1]?.judged?.recall.before, 1);
  t.is(result.judgedQueries, 2);
  t.is(result.coverage, 1);
});

test('a run is stored with its queries, and the gate to the switch reads it', async (t) => {
  await createFilledCampaign(database.pool, 'stored', ROWS);
  await database.pool.query("UPDATE reembed.campaign SET phase = 'index' WHERE name = 'move_stored'");
  const openConditions = async () =>
    (await database.pool.query("SELECT condition FROM reembed.switch_gate('move_stored')")).rows.map((row) => row.condition);
  t.true((await openConditions()).includes('old and new results have not been compared'));

  const seen: string[] = [];
  const early = await run('stored', { sample: 40, onProgress: (done, total) => seen.push(`${done}/${total}`) });
  t.is(early.verdict, 'unsure');
  t.is(early.indexRecall, null);
  t.is(seen.length, 40);
  t.is(seen.at(-1), '40/40');
  t.true((await openConditions()).includes('the last validation ran before the index was built'));

  await database.pool.query('CREATE INDEX stored_embedding_v2_idx ON stored USING hnsw (embedding_v2 vector_cosine_ops)');
  const result = await run('stored', { sample: 40 });
  t.regex((await openConditions()).join(), /^the last validation is unsure: no query was judged/);

  const { rows } = await database.pool.query(
    `SELECT *, started_at < finished_at AS took_time, (SELECT count(*)::int FROM reembed.validation_query WHERE validation = v.id) AS stored_queries,
            (SELECT avg(overlap) FROM reembed.validation_query WHERE validation = v.id) AS mean_overlap
       FROM reembed.validation AS v WHERE id = $1`,
    [result.id],
  );
  const [row] = rows;
  t.like(row, {
    campaign: 'move_stored',
    query_source: 'rows',
    queries: 40,
    stored_queries: 40,
    judged_queries: 0,
    k: 10,
    verdict: 'unsure',
    took_time: true,
  });
  t.true(Math.abs(row.mean_overlap - (result.overlap ?? 0)) < 1e-9);
  t.like(row, { index_recall: result.indexRecall, ndcg_before: null, reasons: [], missing_rows: '0', coverage: 1 });
});

test('a row is never among its own results', async (t) => {
  await createFilledCampaign(database.pool, 'lonely', 2);
  const result = await run('lonely', { k: 1 });
  // Each of the two rows can only find the other one.
  t.deepEqual(
    result.queries.map((query) => query.overlap),
    [1, 1],
  );
  t.deepEqual(result.queries.map((query) => query.label).sort(), ['1', '2']);
});

test('copies of one text count as the same result in both models and in the index', async (t) => {
  await createFilledCampaign(database.pool, 'copies', 60);
  await database.pool.query(
    'UPDATE copies AS t SET content = o.content, embedding = o.embedding, embedding_v2 = o.embedding_v2 FROM copies AS o WHERE o.id = 7 AND t.id > 30',
  );
  // CONCURRENTLY: a plain index on rows just updated is not used by every session at once.
  await database.pool.query('CREATE INDEX CONCURRENTLY copies_embedding_v2_idx ON copies USING hnsw (embedding_v2 vector_cosine_ops)');
  const result = await run('copies', { queries: { kind: 'file', path: fileOf('copies.txt', [textOf(7)]) }, k: 5 });
  t.is(result.overlap, 1);
  t.is(result.indexRecall, 1);
});

test('rows that lack a new vector fail the run, but not those that changed moments ago or may be missing', async (t) => {
  await createFilledCampaign(database.pool, 'gaps', ROWS);
  const log = await changeLog(database.pool, 'public.gaps.embedding');
  await database.pool.query(`UPDATE gaps SET embedding_v2 = NULL WHERE id <= 3; TRUNCATE ${log}`);
  const missing = await run('gaps');
  t.is(missing.verdict, 'fail');
  t.deepEqual(missing.reasons, ['3 rows lack a new vector, max_failed_rows is 0']);
  t.is(missing.missingRows, 3);
  t.is(missing.coverage, 1 - 3 / ROWS);

  await database.pool.query(
    `INSERT INTO ${log} (key_1, needs_new, needs_old, changed_at)
     SELECT id, true, false, clock_timestamp() - CASE WHEN id = 1 THEN interval '1 minute' ELSE interval '0' END
       FROM gaps WHERE id <= 3`,
  );
  t.deepEqual((await run('gaps')).reasons, ['1 row lacks a new vector, max_failed_rows is 0']);
  await database.pool.query("UPDATE reembed.setting SET max_failed_rows = 1 WHERE target = 'public.gaps.embedding'");
  const passed = await run('gaps');
  t.is(passed.verdict, 'unsure');
  t.is(passed.missingRows, 3);
  t.is(passed.justChangedRows, 2);
});

test('rows with a blank text or a zero vector are neither queries nor results', async (t) => {
  await createFilledCampaign(database.pool, 'blank', 40);
  // The blank rows lie nearest to the query in the old model, and there are more of them than results are wanted.
  await database.pool.query(`UPDATE blank SET content = '  ', embedding = $1, embedding_v2 = NULL WHERE id <= 25`, [
    vectorText(vectorOf(OLD_MODEL, 'violin', OLD_DIMENSIONS)),
  ]);
  await database.pool.query('UPDATE blank SET embedding = (embedding - embedding) WHERE id = 40');
  const result = await run('blank', { queries: { kind: 'file', path: fileOf('blank.txt', ['violin']) }, k: 15 });
  t.is(result.rows, 15);
  t.is(result.missingRows, 0);
  // 15 rows with a text, of which the old model cannot find the one whose vector is zero.
  t.is(result.overlap, 14 / 15);
  t.deepEqual(
    (await run('blank')).queries.map((query) => Number(query.label)).sort((a, b) => a - b),
    Array.from({ length: 14 }, (_, i) => 26 + i),
  );
});

test('a loss of nDCG beyond the margin fails the run, and the recall of both indexes is measured', async (t) => {
  await createFilledCampaign(database.pool, 'worse', ROWS);
  await database.pool.query(
    'CREATE INDEX ON worse USING hnsw (embedding vector_cosine_ops); CREATE INDEX worse_embedding_v2_idx ON worse USING hnsw (embedding_v2 vector_cosine_ops)',
  );
  const queries = Array.from({ length: 40 }, (_, i) => `${QUERIES[i % QUERIES.length]} ${i}`);
  const judgements = new Map(
    queries.map((query, i) => [
      String(i + 1),
      new Map(
        bruteForce(query, OLD_MODEL, OLD_DIMENSIONS)
          .slice(0, 5)
          .map((id) => [id, 1]),
      ),
    ]),
  );
  const result = await run('worse', { queries: { kind: 'file', path: fileOf('worse.txt', queries) }, judgements });
  t.is(result.ndcg?.before, 1);
  t.regex(result.reasons.join(), /^nDCG@10 of 40 queries judged by people went from 1\.0000 to 0\.\d+, and a loss of 0\.0500 is tolerated/);
  const recall = result.metrics.find(({ metric, slice }) => metric === 'index_recall' && slice === '');
  t.true((recall?.before ?? 0) > 0.9 && (recall?.after ?? 0) > 0.9 && recall?.value === recall?.after);
});

test('an index that finds too few of the nearest rows fails the run and its search setting is reported', async (t) => {
  await createFilledCampaign(database.pool, 'coarse', ROWS);
  await database.pool.query(
    'CREATE INDEX coarse_embedding_v2_idx ON coarse USING ivfflat (embedding_v2 vector_cosine_ops) WITH (lists = 40)',
  );
  const result = await run('coarse');
  t.true((result.indexRecall ?? 1) < 0.95);
  t.regex(
    result.reasons.join(),
    /^index recall@10 of \d+ queries is 0\.\d+, between .*, with ivfflat\.probes = 1; min_index_recall is 0\.95$/,
  );
});

test('an index of another distance is not taken for the one that is searched', async (t) => {
  await createFilledCampaign(database.pool, 'other', ROWS);
  await database.pool.query('CREATE INDEX other_embedding_v2_idx ON other USING hnsw (embedding_v2 vector_l2_ops)');
  const result = await run('other', { sample: 5 });
  t.is(result.indexRecall, null);
  t.regex(result.reasons.join(), /^searches do not use the new index/);
});
