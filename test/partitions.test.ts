import test from 'ava';
import { NEW_DIMENSIONS, NEW_MODEL, textOf, vectorText, wrongRows } from './harness/documents.ts';
import { createShelves, fillShelves, LEAVES, leafIndexes } from './harness/partitions.ts';
import { vectorOf } from './harness/provider.ts';
import { createStage, type Stage } from './harness/stage.ts';

const ROWS = 400;
const BOTH = { table: 'shelves', oldColumn: 'embedding', newColumn: 'embedding_v2' };

let stage: Stage;
let campaign: string;

test.before(async () => {
  stage = await createStage();
  await createShelves(stage.db.pool, ROWS);
  campaign = await stage.draft({ table: 'shelves', batchRows: 50 });
});
test.after.always(() => stage?.close());

const sql = (text: string, values: unknown[] = []) => stage.db.pool.query(text, values);
const ask = async (text: string) => Object.values((await sql(text)).rows[0] ?? {})[0];
const changes = () => ask('SELECT count(*)::int FROM reembed.change WHERE needs_new OR needs_old');

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
    await leafIndexes(stage, 'embedding_v2'),
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
