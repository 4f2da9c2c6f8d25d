import test from 'ava';
import pg from 'pg';
import { createSearchClient } from '../src/index.ts';
import { overall } from '../src/validation/metrics/metrics.ts';
import { reportText } from '../src/validation/report/report-text.ts';
import { sweep } from '../src/validation/sweep/sweep.ts';
import { validate } from '../src/validation/validate.ts';
import { adoptLeaves } from '../src/watch/adopt-leaves.ts';
import { NEW_DIMENSIONS, NEW_MODEL, textOf, vectorText, wrongRows } from './harness/documents.ts';
import { createShelves, fillShelves } from './harness/partitions.ts';
import { vectorOf } from './harness/provider.ts';
import { createStage, type Stage } from './harness/stage.ts';
import { testEmbedder, validateTable } from './harness/validation.ts';
import { createWatch } from './harness/watch.ts';

const ROWS = 400;
const BOTH = { table: 'shelves', oldColumn: 'embedding', newColumn: 'embedding_v2' };
const LEAVES = ['shelves_0', 'shelves_1', 'shelves_2_a', 'shelves_2_b', 'shelves_rest'];

let stage: Stage;
let campaign: string;

test.before(async () => {
  stage = await createStage();
  await createShelves(stage.db.pool, ROWS);
  campaign = await stage.draft({ table: 'shelves', batchRows: 50 });
});
test.after.always(() => stage.close());

const sql = (text: string, values: unknown[] = []) => stage.db.pool.query(text, values);
const ask = async (text: string) => Object.values((await sql(text)).rows[0] ?? {})[0];
const changes = () => ask('SELECT count(*)::int FROM reembed.change WHERE needs_new OR needs_old');

/** Valid indexes of the leaves on a column, by name. */
async function leafIndexes(column: string): Promise<string[]> {
  const { rows } = await sql(
    `SELECT c.relname AS name FROM reembed.leaves('shelves') AS l JOIN pg_index AS i ON i.indrelid = l.leaf AND i.indisvalid JOIN pg_class AS c ON c.oid = i.indexrelid
      WHERE c.oid IN (SELECT reembed.vector_indexes(l.leaf, $1)) ORDER BY c.relname COLLATE "C"`,
    [column],
  );
  return rows.map(({ name }) => name);
}

/** Among how many leaves the function that searches the live view shares its candidates. */
async function sharers(): Promise<number> {
  const body = (await ask("SELECT prosrc FROM pg_proc WHERE oid = 'reembed_live.nearest_shelves'::regproc")) as string;
  return Number(/ceil\(\$3 \/ (\d+)\.0\)/.exec(body)?.[1]);
}

test.serial('a foreign table among the partitions is named, and so is a partitioned table without a primary key', async (t) => {
  await sql(`CREATE FOREIGN DATA WRAPPER nowhere; CREATE SERVER nowhere FOREIGN DATA WRAPPER nowhere;
    CREATE TABLE abroad (id bigint NOT NULL, content text, embedding vector(3)) PARTITION BY RANGE (id);
    CREATE FOREIGN TABLE abroad_far PARTITION OF abroad FOR VALUES FROM (0) TO (1000) SERVER nowhere`);
  const error = await t.throwsAsync(stage.draft({ table: 'abroad' }), { code: 'foreign_partition' });
  t.regex(error?.message ?? '', /abroad_far/);
  await sql('DROP FOREIGN TABLE abroad_far');
  await t.throwsAsync(stage.draft({ table: 'abroad' }), { code: 'no_primary_key' });
  await sql('DROP TABLE abroad; DROP SERVER nowhere; DROP FOREIGN DATA WRAPPER nowhere');
});

test.serial('each batch of the ledger is in one leaf, and together they hold every row', async (t) => {
  await stage.bring(campaign, 'backfill');
  const { rows } = await sql('SELECT leaf::text, sum(rows)::int AS rows FROM reembed.batch GROUP BY 1 ORDER BY 1');
  t.deepEqual(
    rows.map(({ leaf }) => leaf),
    LEAVES,
  );
  t.is(
    rows.reduce((sum, row) => sum + row.rows, 0),
    ROWS,
  );
});

test.serial('a range of positions is read from one leaf, and no other is opened', async (t) => {
  const { rows } = await sql('SELECT suffix FROM reembed.target');
  const client = await stage.db.pool.connect();
  try {
    await client.query('BEGIN');
    const read = await client.query(
      `SELECT count(*)::int AS rows FROM reembed.leaf_rows_${rows[0].suffix}('shelves_0', '(0,0)', '(1000,0)')`,
    );
    t.is(read.rows[0].rows, 100);
    const locked = await client.query(
      "SELECT c.relname AS name FROM pg_locks AS l JOIN pg_class AS c ON c.oid = l.relation WHERE l.pid = pg_backend_pid() AND c.relkind = 'r' AND c.relname ~ '^shelves'",
    );
    t.deepEqual(
      locked.rows.map(({ name }) => name),
      ['shelves_0'],
    );
    const none = await client.query(`SELECT FROM reembed.leaf_rows_${rows[0].suffix}('pg_class', '(0,0)', '(1000,0)')`);
    t.is(none.rowCount, 0, 'a table that is no leaf is not read');
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
});

test.serial('the backfill gives every row of every leaf its vector, and changes are captured in all of them', async (t) => {
  await stage.work();
  t.deepEqual(await wrongRows(stage.db.pool, BOTH), []);
  await sql("UPDATE shelves SET content = content || ' again' WHERE id <= 8");
  await fillShelves(stage.db.pool, 'shelves_1', [{ shelf: 1, id: 9001 }]);
  await stage.work();
  t.deepEqual(await wrongRows(stage.db.pool, BOTH), []);
});

test.serial('a row that moves to another partition keeps its vectors until those of its new text are there', async (t) => {
  await sql("UPDATE shelves SET shelf = 1, content = 'moved and changed' WHERE shelf = 0 AND id <= 40");
  t.is(await ask("SELECT count(*)::int FROM shelves WHERE content = 'moved and changed' AND embedding_v2 IS NOT NULL"), 10);
  await stage.work();
  t.deepEqual(await wrongRows(stage.db.pool, BOTH), []);
});

test.serial('a row that the application inserts with both vectors is not embedded again', async (t) => {
  const text = textOf(21);
  await sql(
    `INSERT INTO shelves (shelf, id, content, embedding, embedding_v2, embedding_v2_model_version)
     SELECT 3, 9100 + g, $1, (SELECT embedding FROM shelves WHERE id = 21), $2, 'new-model' FROM generate_series(1, 5) AS g`,
    [text, vectorText(vectorOf(NEW_MODEL, text, NEW_DIMENSIONS))],
  );
  t.is(await changes(), 0);
});

test.serial('each leaf gets an index of its own, without one on the partitioned table, and the live view merges them', async (t) => {
  await stage.bring(campaign, 'index');
  t.deepEqual(
    await leafIndexes('embedding_v2'),
    LEAVES.map((leaf) => `${leaf}_embedding_v2_idx`),
  );
  t.is(await ask("SELECT count(*)::int FROM pg_index WHERE indrelid = 'shelves'::regclass AND indexrelid::regclass::text ~ 'v2'"), 0);
  await stage.bring(campaign, 'switch');
  await sql('ANALYZE shelves');
  const client = await stage.db.pool.connect();
  try {
    await client.query('BEGIN; SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off');
    const vector = vectorText(vectorOf(NEW_MODEL, textOf(21), NEW_DIMENSIONS));
    const { rows } = await client.query(`EXPLAIN SELECT id FROM shelves_live ORDER BY embedding <=> '${vector}' LIMIT 3`);
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    t.regex(plan, /Merge Append/);
    for (const leaf of LEAVES) t.true(plan.includes(`${leaf}_embedding_v2_idx`), plan);
    t.is((await client.query(`SELECT id::int FROM shelves_live ORDER BY embedding <=> '${vector}' LIMIT 1`)).rows[0].id, 21);
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
});

test.serial('a function searches all leaves, each for its share of the candidates, and finds what the view finds', async (t) => {
  const vector = vectorText(vectorOf(NEW_MODEL, textOf(21), NEW_DIMENSIONS));
  const client = await stage.db.pool.connect();
  try {
    await client.query("BEGIN; SELECT '[1]'::vector; SET LOCAL hnsw.ef_search = 77");
    const exact = await client.query('SELECT id::int FROM shelves_live ORDER BY embedding <=> $1::vector LIMIT 10', [vector]);
    const found = await client.query('SELECT id::int FROM reembed_live.nearest_shelves($1, 10)', [vector]);
    t.deepEqual(found.rows, exact.rows);
    t.is((await client.query("SELECT current_setting('hnsw.ef_search') AS now")).rows[0].now, '77');
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
  t.is(await sharers(), LEAVES.length);
  t.is(await ask("SELECT count(*)::int FROM pg_proc WHERE proname ~ '^nearest_shelves'"), 3, 'one for each view');
});

test.serial('a validation searches as the function does, whatever the settings of the session, and says so', async (t) => {
  await stage.bring(campaign, 'switch');
  // One candidate of each leaf cannot give ten results.
  const pool = new pg.Pool({ connectionString: stage.db.url, max: stage.db.real ? 4 : 1, options: '-c hnsw.ef_search=1' });
  try {
    const result = await validate(
      { ...stage.database, pool },
      { target: 'shelves', queries: { kind: 'rows' }, embedder: testEmbedder, sample: 20 },
    );
    t.is(result.index?.searchSetting, `candidates = 200, hnsw.ef_search = 40 in each of ${LEAVES.length} partitions`);
    t.true((overall(result.metrics, 'index_recall')?.value ?? 0) > 0.9);
    t.regex(reportText(result, 0), /searched with +candidates = 200, hnsw\.ef_search = 40 in each of 5 partitions/);
    const filtered = await validateTable({ ...stage.database, pool }, 'shelves', { sample: 20, filters: ['shelf >= 0'] });
    t.true((filtered.filters[0]?.returnedRows ?? 10) < 10, 'a search with a filter has the settings of the session');
  } finally {
    await pool.end();
  }
});

test.serial('the client names the function that searches the view', async (t) => {
  await stage.bring(campaign, 'switch');
  const client = createSearchClient(stage.db.pool, {
    target: 'shelves',
    embed: async (text, { name, dimensions }) => vectorOf(name, text, dimensions),
  });
  const named: (string | null)[] = [];
  const found = await client.searchFused(
    textOf(21),
    async ({ vector, nearest, view }) => {
      named.push(nearest);
      const { rows } = await sql(
        `SELECT d.content FROM ${nearest}($1, 3) AS n JOIN ${view} AS d ON d.shelf = n.shelf AND d.id = n.id ORDER BY n.distance`,
        [vector],
      );
      return rows as { content: string }[];
    },
    ({ content }) => content,
  );
  t.deepEqual(named, ['reembed_live.nearest_shelves', 'reembed_live.nearest_shelves_old_model']);
  t.is(found[0]?.content, textOf(21));
  await client.close();
});

test.serial('a sweep of search settings searches the indexes of all leaves', async (t) => {
  const { indexes } = await sweep(stage.database, {
    target: 'shelves',
    queries: { kind: 'rows' },
    embedder: testEmbedder,
    sample: 20,
    seed: 4,
  });
  t.deepEqual(
    indexes.map(({ role, name, leaves }) => [role, name, leaves]),
    [
      ['old', 'hnsw.ef_search', LEAVES.length],
      ['new', 'hnsw.ef_search', LEAVES.length],
    ],
  );
});

test.serial('a partition that is created or attached in mid-campaign gets vectors and an index', async (t) => {
  await stage.bring(campaign, 'switch');
  const { pool } = stage.db;
  await sql('CREATE TABLE shelves_5 PARTITION OF shelves FOR VALUES IN (5)');
  await fillShelves(pool, 'shelves', [{ shelf: 5, id: 9201 }]);
  await sql('CREATE TABLE shelves_6 (LIKE shelves INCLUDING ALL)');
  await fillShelves(
    pool,
    'shelves_6',
    Array.from({ length: 30 }, (_, i) => ({ shelf: 6, id: 9300 + i })),
  );
  await sql('ALTER TABLE shelves ATTACH PARTITION shelves_6 FOR VALUES IN (6)');
  await adoptLeaves(stage.db.pool, 'public.shelves.embedding');
  await stage.work();
  t.deepEqual(await wrongRows(pool, BOTH), []);
  t.deepEqual(
    await leafIndexes('embedding_v2'),
    [...LEAVES.slice(0, 4), 'shelves_5', 'shelves_6', 'shelves_rest'].map((leaf) => `${leaf}_embedding_v2_idx`),
  );
  t.is(await ask('SELECT count(*)::int FROM reembed.leaf WHERE swept_at IS NULL'), 0);
  t.is(await sharers(), LEAVES.length + 2);
});

test.serial('each new partition is adopted in a transaction of its own, and not in that of the watch', async (t) => {
  for (const shelf of [8, 9])
    await sql(`CREATE TABLE shelves_${shelf} (LIKE shelves INCLUDING DEFAULTS INCLUDING CONSTRAINTS);
      ALTER TABLE shelves ATTACH PARTITION shelves_${shelf} FOR VALUES IN (${shelf})`);
  const built = async () => (await leafIndexes('embedding_v2')).filter((name) => /^shelves_[89]_/.test(name)).length;
  await sql("SELECT reembed.watch('shelves')");
  t.is(await built(), 0);
  t.is(await ask("SELECT reembed.adopt_leaves('public.shelves.embedding')"), true);
  t.is(await built(), 1);
  await adoptLeaves(stage.db.pool, 'public.shelves.embedding');
  t.is(await built(), 2);
  await sql('DROP TABLE shelves_8, shelves_9');
  await adoptLeaves(stage.db.pool, 'public.shelves.embedding');
});

test.serial('a large new partition is named by the watch and gets its index from `migrate up`', async (t) => {
  await sql('CREATE TABLE shelves_7 (LIKE shelves INCLUDING DEFAULTS INCLUDING CONSTRAINTS)');
  await sql('INSERT INTO shelves_7 (shelf, id) SELECT 7, g FROM generate_series(20001, 45000) AS g');
  await sql('ALTER TABLE shelves ATTACH PARTITION shelves_7 FOR VALUES IN (7)');
  await sql("UPDATE reembed.setting SET alert_after = '0'");
  const watch = createWatch(stage);
  await watch.check(1);
  t.true((await watch.kinds()).includes('index'));
  await stage.up(0);
  await watch.check(1);
  t.false((await watch.kinds()).includes('index'));
  t.true((await leafIndexes('embedding_v2')).includes('shelves_7_embedding_v2_idx'));
  await sql('ALTER TABLE shelves DETACH PARTITION shelves_7; DROP TABLE shelves_7; DELETE FROM reembed.alert');
});

test.serial('partitions may be detached and dropped in mid-campaign', async (t) => {
  await sql('ALTER TABLE shelves DETACH PARTITION shelves_5');
  await sql('DROP TABLE shelves_6');
  await adoptLeaves(stage.db.pool, 'public.shelves.embedding');
  await stage.work();
  t.deepEqual(await wrongRows(stage.db.pool, BOTH), []);
  t.is(await ask('SELECT count(*)::int FROM reembed.planned_index WHERE leaf IS NOT NULL'), 5);
  await sql("INSERT INTO shelves_5 (shelf, id, content) VALUES (5, 1, 'written after it was detached')");
});

test.serial('contract drops the old index with its column, and its rollback brings both back, as parts of one index', async (t) => {
  const before = await leafIndexes('embedding');
  await stage.bring(campaign, 'contract');
  t.deepEqual(await leafIndexes('embedding'), before);
  t.is(await ask("SELECT count(*)::int FROM pg_index WHERE indrelid = 'shelves'::regclass AND NOT indisprimary"), 0);
  t.deepEqual(await wrongRows(stage.db.pool, { table: 'shelves', newColumn: 'embedding' }), []);
  const query = vectorText(vectorOf(NEW_MODEL, textOf(21), NEW_DIMENSIONS));
  t.is((await sql('SELECT FROM reembed_live.nearest_shelves($1, 3)', [query])).rowCount, 3);
  await sql("UPDATE shelves SET content = 'changed after contract' WHERE id = 77");
  await stage.work();
  t.deepEqual(await wrongRows(stage.db.pool, { table: 'shelves', newColumn: 'embedding' }), []);

  await stage.bring(campaign, 'switch');
  await stage.work();
  t.deepEqual(await wrongRows(stage.db.pool, BOTH), []);
  t.deepEqual(await leafIndexes('embedding'), before);
  t.true((await ask("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('shelves_embedding_idx')")) !== false);
  await stage.bring(campaign, 'contract');
  t.deepEqual(await wrongRows(stage.db.pool, { table: 'shelves', newColumn: 'embedding' }), []);
});

test.serial('expand taken down leaves nothing behind', async (t) => {
  await sql('DROP TABLE shelves_5');
  await stage.bring(campaign, 'none');
  t.deepEqual(await wrongRows(stage.db.pool, { table: 'shelves', oldColumn: 'embedding' }), []);
  t.is(await ask("SELECT count(*)::int FROM pg_trigger WHERE tgname ~ 'reembed'"), 0);
  t.is(await ask("SELECT count(*)::int FROM pg_class WHERE relname ~ '_v2'"), 0);
  t.is(await ask("SELECT count(*)::int FROM pg_proc WHERE pronamespace = 'reembed'::regnamespace AND proname ~ 'public_shelves'"), 0);
  t.is(await ask("SELECT count(*)::int FROM pg_proc WHERE proname ~ '^nearest_shelves'"), 0);
});
