import test from 'ava';
import { type Database, inTransaction } from '../src/database/connection.ts';
import { type Sweep, type SweptIndex, sweep, wilsonLow } from '../src/validation/sweep/sweep.ts';
import { sweepJson, sweepText } from '../src/validation/sweep/sweep-output.ts';
import { NothingToSweep } from '../src/validation/validation-error.ts';
import { NEW_DIMENSIONS, NEW_MODEL, textOf, vectorText } from './harness/documents.ts';
import { vectorOf } from './harness/provider.ts';
import { createFilledCampaign, openWithSchema, testEmbedder } from './harness/validation.ts';

const ROWS = 2500;
const ROW_QUERIES = { kind: 'rows' } as const;

let database: Database;
let swept: Sweep;
test.before(async () => {
  database = await openWithSchema();
  await createFilledCampaign(database.pool, 'documents', ROWS);
  await database.pool.query('VACUUM ANALYZE documents');
  // Poor indexes: a graph with few links, and lists of which one is searched.
  await database.pool.query(
    'CREATE INDEX documents_embedding_idx ON documents USING ivfflat (embedding vector_cosine_ops) WITH (lists = 24)',
  );
  await database.pool.query(
    'CREATE INDEX documents_embedding_v2_idx ON documents USING hnsw (embedding_v2 vector_cosine_ops) WITH (m = 4, ef_construction = 8)',
  );
  swept = await sweep(database, { target: 'documents', queries: ROW_QUERIES, embedder: testEmbedder, sample: 60, seed: 4 });
});
test.after.always(() => database?.close());

const of = (role: 'old' | 'new') => swept.indexes.find((index) => index.role === role) as SweptIndex;

test('the smallest value is the first whose interval lies above the threshold, and it does reach it', async (t) => {
  const { steps, smallest, name, values } = of('new');
  t.is(name, 'hnsw.ef_search');
  t.deepEqual(values, [10, 20, 40, 80, 160, 320, 640, 1000]);
  const at = steps.findIndex(({ value }) => value === smallest);
  t.true(at > 0, `${JSON.stringify(steps)}`);
  t.true((steps[0]?.recall ?? 1) < 0.95, 'a low value loses recall');
  t.true(steps.slice(0, at).every(({ low }) => low < 0.95));
  t.true((steps[at]?.low ?? 0) >= 0.95);
  t.true(steps.every(({ low, recall, high }) => low <= recall && recall <= high + 1e-9));
  // Measured again, by a plain search of every fifth row.
  t.true((await plainRecall(steps[0]?.value ?? 0)) < (await plainRecall(smallest ?? 0)));
  t.true((await plainRecall(smallest ?? 0)) >= 0.93);
});

test('lists are probed up to all of them, which find everything', (t) => {
  const { steps, name, present, index } = of('old');
  t.deepEqual([index, name, present], ['documents_embedding_idx', 'ivfflat.probes', 1]);
  t.deepEqual(
    steps.map(({ value }) => value),
    [1, 2, 4, 8, 16, 24].slice(0, steps.length),
  );
  t.true((steps[0]?.recall ?? 1) < (steps.at(-1)?.recall ?? 0));
  t.is(steps.at(-1)?.recall, 1);
  t.true(steps.every(({ p50, p95 }) => p50 > 0 && p95 >= p50));
});

test('a sweep leaves nothing behind: no run, no setting', async (t) => {
  const { rows } = await database.pool.query(
    "SELECT (SELECT count(*)::int FROM reembed.validation) AS runs, coalesce(current_setting('hnsw.ef_search', true), '40') AS ef_search",
  );
  t.deepEqual(rows[0], { runs: 0, ef_search: '40' });
});

test('a sweep is printed as tables of a hundred columns, and as JSON', (t) => {
  const text = sweepText(swept, ROW_QUERIES);
  t.regex(text, /^public\.documents\.embedding: 60 queries from rows, 10 nearest rows of each, seed 4\n/);
  t.regex(text, /\nnew index documents_embedding_v2_idx:\n +hnsw\.ef_search +recall@10 +p50 ms +p95 ms\n/);
  t.regex(text, /\n +40 +now +\d\.\d{3} +\[\d\.\d{3}, \d\.\d{3}\] +\d+\.\d\d +\d+\.\d\d\n/);
  t.regex(
    text,
    new RegExp(`the smallest hnsw\\.ef_search with a lower bound of at least 0\\.95 \\(min_index_recall\\): ${of('new').smallest}\\n`),
  );
  t.regex(text, /it is not stored, and the switch does not depend on it\.$/);
  t.true(text.split('\n').every((line) => line.length <= 100));
  const json = sweepJson(swept, ROW_QUERIES) as { indexes: { role: string; smallest: number; steps: Record<string, number>[] }[] };
  t.deepEqual(
    json.indexes.map(({ role, smallest }) => [role, smallest]),
    [
      ['old', of('old').smallest],
      ['new', of('new').smallest],
    ],
  );
  t.deepEqual(Object.keys(json.indexes[0]?.steps[0] ?? {}).sort(), ['high', 'low', 'recall', 'search_p50_ms', 'search_p95_ms', 'value']);
});

test('of few queries none reaches the threshold beyond doubt, and without an index there is nothing to sweep', async (t) => {
  const few = await sweep(database, { target: 'documents', queries: ROW_QUERIES, embedder: testEmbedder, sample: 3, seed: 4 });
  t.deepEqual(
    few.indexes.map(({ smallest }) => smallest),
    [null, null],
  );
  t.regex(sweepText(few, ROW_QUERIES), /no hnsw\.ef_search has a lower bound of at least 0\.95 \(min_index_recall\): add\s+queries/);
  await createFilledCampaign(database.pool, 'bare', 20);
  const refused = sweep(database, { target: 'bare', queries: ROW_QUERIES, embedder: testEmbedder });
  await t.throwsAsync(refused, { instanceOf: NothingToSweep, message: /no search of public\.bare uses an hnsw or ivfflat index/ });
});

test("the lower end of Wilson's interval", (t) => {
  // n / (n + z²) where everything was found.
  t.true(Math.abs(wilsonLow(1, 30) - 30 / (30 + 1.96 ** 2)) < 1e-12);
  t.true(Math.abs(wilsonLow(0.5, 100) - 0.4038) < 5e-4);
  t.is(wilsonLow(0, 10), 0);
});

/** Recall of the new index at ten, over every fifth row as a query; each row is its own nearest. */
async function plainRecall(efSearch: number): Promise<number> {
  const ids = Array.from({ length: 100 }, (_, i) => i * 5 + 1);
  return inTransaction(database.pool, async (client) => {
    await client.query("SELECT set_config('hnsw.ef_search', $1, true), set_config('search_path', 'public', true)", [String(efSearch)]);
    let found = 0;
    for (const id of ids) {
      const vector = vectorText(vectorOf(NEW_MODEL, textOf(id), NEW_DIMENSIONS));
      const nearest = async (sql: string) => (await client.query<{ id: string }>(sql, [vector])).rows.map((row) => row.id);
      await client.query('SET LOCAL enable_seqscan = on; SET LOCAL enable_indexscan = off');
      const exact = await nearest('SELECT id FROM documents ORDER BY embedding_v2 <=> $1, id LIMIT 10');
      await client.query('SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = on; SET LOCAL enable_sort = off');
      const byIndex = await nearest('SELECT id FROM documents ORDER BY embedding_v2 <=> $1 LIMIT 10');
      await client.query('SET LOCAL enable_sort = on');
      found += byIndex.filter((one) => exact.includes(one)).length / 10;
    }
    return found / ids.length;
  });
}
