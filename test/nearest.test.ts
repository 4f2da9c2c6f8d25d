import { readFileSync } from 'node:fs';
import test from 'ava';
import pg from 'pg';
import { createDocuments, NEW_DIMENSIONS, NEW_MODEL, OLD_DIMENSIONS, textOf, vectorText } from './harness/documents.ts';
import { vectorOf } from './harness/provider.ts';
import { createStage, type Stage } from './harness/stage.ts';

const QWEN = 'Qwen/Qwen3-Embedding-8B';
const DIMENSIONS = 4096;
const READER = `reader_of_nearest_${process.pid}`;
const ROWS = 60;

// The statements themselves, so that what the documentation shows is what is tried.
const [, , , call = '', filtered = ''] = [
  ...readFileSync(new URL('../docs/reading.md', import.meta.url), 'utf8').matchAll(/```sql\n([\s\S]*?)```/g),
].map(([, text]) => text);

let stage: Stage;
let campaign: string;
test.before(async () => {
  stage = await createStage({ [QWEN]: DIMENSIONS });
  await createDocuments(stage.db.pool, ROWS);
  campaign = await stage.draft({ table: 'documents', to: QWEN, dimensions: DIMENSIONS });
  await stage.bring(campaign, 'switch');
});
test.after.always(async () => {
  await stage?.db.pool.query(`DROP OWNED BY ${READER}; DROP ROLE IF EXISTS ${READER}`).catch(() => {});
  await stage?.close();
});

const queryOf = (i: number) => vectorText(vectorOf(QWEN, textOf(i), DIMENSIONS));
const filledIn = (text: string, query: string) => text.replaceAll(":'vector'", pg.escapeLiteral(query)).replaceAll(":'model'", `'${QWEN}'`);

async function ids(sql: string, values: unknown[] = []): Promise<number[]> {
  const { rows } = await stage.db.pool.query<{ id: string }>(sql, values);
  return rows.map(({ id }) => Number(id));
}

test.serial('the call in the documentation returns the nearest rows of the live view, nearest first', async (t) => {
  t.deepEqual(
    await ids(filledIn(call, queryOf(7))),
    await ids('SELECT id FROM documents_live ORDER BY embedding <=> $1::vector LIMIT 10', [queryOf(7)]),
  );
});

test.serial('the filtered search in the documentation returns the nearest rows that pass, through the index', async (t) => {
  const client = await stage.db.pool.connect();
  try {
    const [select = ''] = /SELECT[\s\S]*?;/.exec(filledIn(filtered, queryOf(0))) ?? [];
    const results = (await client.query(filledIn(filtered, queryOf(0)))) as unknown as { command: string; rows: { id: string }[] }[];
    const found = results.find(({ command }) => command === 'SELECT')?.rows.map(({ id }) => id);
    const exact = await client.query(
      "SELECT id FROM documents_live WHERE content LIKE '%river%' ORDER BY embedding <=> $1::vector LIMIT 10",
      [queryOf(0)],
    );
    t.true(exact.rows.length > 3);
    t.deepEqual(
      found,
      exact.rows.map(({ id }) => id),
    );
    await client.query('BEGIN; SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off; SET LOCAL enable_bitmapscan = off');
    const plan = await client.query(`EXPLAIN ${select}`);
    await client.query('COMMIT');
    t.regex(plan.rows.map((row) => row['QUERY PLAN']).join('\n'), /Index Scan using documents_embedding_v2_idx/);
  } finally {
    client.release();
  }
});

test.serial('the caller sees what policies and grants let it see, and gets k of these rows', async (t) => {
  const { pool } = stage.db;
  await pool.query(`CREATE ROLE ${READER}; ALTER TABLE documents ENABLE ROW LEVEL SECURITY;
    CREATE POLICY even ON documents FOR SELECT TO ${READER} USING (id % 2 = 0)`);
  const client = await pool.connect();
  try {
    await client.query(`SET ROLE ${READER}`);
    const search = () => client.query('SELECT id FROM reembed_live.nearest_documents($1, 20)', [queryOf(7)]);
    await t.throwsAsync(search(), { message: /permission denied/ });
    await client.query(`RESET ROLE; GRANT SELECT ON documents, documents_live TO ${READER}; SET ROLE ${READER}`);
    const found = (await search()).rows.map(({ id }) => Number(id));
    t.is(found.length, 20);
    t.true(found.every((id) => id % 2 === 0));
    await t.throwsAsync(client.query('CREATE TABLE reembed_live.mine ()'), { message: /permission denied/ });
    await client.query('RESET ROLE');
  } finally {
    client.release(true);
    await pool.query('ALTER TABLE documents DISABLE ROW LEVEL SECURITY; DROP POLICY even ON documents');
  }
});

test.serial('a call does not change the settings of the session', async (t) => {
  const client = await stage.db.pool.connect();
  const settings = async () =>
    (await client.query("SELECT name, setting FROM pg_settings WHERE name LIKE 'hnsw.%' OR name LIKE 'enable_%' ORDER BY name")).rows;
  try {
    await client.query("BEGIN; SELECT '[1]'::vector; SET LOCAL hnsw.ef_search = 77");
    const before = await settings();
    await client.query('SELECT FROM reembed_live.nearest_documents($1, 10, 300)', [queryOf(7)]);
    t.deepEqual(await settings(), before);
    await client.query('ROLLBACK');
  } finally {
    client.release();
  }
});

test.serial('more candidates than an index returns are refused, and the setting is the default of the function', async (t) => {
  const { pool } = stage.db;
  await t.throwsAsync(pool.query('SELECT FROM reembed_live.nearest_documents($1, 10, 1001)', [queryOf(7)]), { code: '22023' } as never);
  await t.throwsAsync(pool.query('UPDATE reembed.setting SET candidates = 1001'), { message: /candidates_are_between_10_and_1000/ });
  await pool.query('UPDATE reembed.setting SET candidates = 333');
  const { rows } = await pool.query("SELECT pg_get_function_arguments('reembed_live.nearest_documents'::regproc) AS arguments");
  t.regex(rows[0].arguments, /candidates integer DEFAULT 333/);
  await pool.query('UPDATE reembed.setting SET candidates = DEFAULT');
});

test.serial('a known item is found among the candidates, and the search of the throttle is timed', async (t) => {
  const { pool } = stage.db;
  const { rows } = await pool.query<{ suffix: string }>('SELECT suffix FROM reembed.target');
  const found = await pool.query<{ yes: boolean }>(
    `SELECT reembed.find_new_${rows[0]?.suffix}('{"id": 7}', reembed.text_hash(content), $1, true) AS yes FROM documents WHERE id = 7`,
    [queryOf(7)],
  );
  t.true(found.rows[0]?.yes);
  t.is(typeof (await pool.query("SELECT reembed.probe_read('public.documents.embedding', false) AS ms")).rows[0].ms, 'number');
});

test.serial('DDL on the table is possible between unhook and rehook, and the function is there again', async (t) => {
  const { pool } = stage.db;
  await pool.query(
    `BEGIN; SELECT reembed.unhook('documents'); ALTER TABLE documents ALTER COLUMN id TYPE integer; SELECT reembed.rehook('documents'); COMMIT`,
  );
  t.is(
    (await pool.query('SELECT pg_typeof(id)::text AS type FROM reembed_live.nearest_documents($1, 1)', [queryOf(7)])).rows[0].type,
    'integer',
  );
});

test.serial(
  'a second campaign leads back to an index on the vectors themselves: the function stays, and searches plainly after the switch',
  async (t) => {
    const { pool } = stage.db;
    await stage.bring(campaign, 'contract');
    t.deepEqual(
      await ids(filledIn(call, queryOf(7))),
      await ids('SELECT id FROM documents_live ORDER BY embedding <=> $1::vector LIMIT 10', [queryOf(7)]),
    );
    const second = await stage.draft({ table: 'documents', to: NEW_MODEL, dimensions: NEW_DIMENSIONS, from: undefined });
    await stage.bring(second, 'index');
    t.is((await ids(filledIn(call, queryOf(7))))[0], 7);
    t.deepEqual((await pool.query('SELECT old_name, form, is_main FROM reembed.planned_index WHERE campaign = $1', [second])).rows, [
      { old_name: 'documents_embedding_idx', form: 'plain', is_main: true },
    ]);
    await stage.bring(second, 'contract');
    const query = vectorText(vectorOf(NEW_MODEL, textOf(7), NEW_DIMENSIONS));
    t.is((await ids(filledIn(call, query)))[0], 7);
    await t.throwsAsync(ids(filledIn(call, queryOf(7))), { code: 'RE002' } as never);
    await stage.bring(second, 'switch');
    await stage.bring(second, 'index');
    t.is((await ids(filledIn(call, queryOf(7))))[0], 7);
    await stage.bring(second, 'none');
    t.is((await ids(filledIn(call, queryOf(7))))[0], 7);
  },
);

test.serial('key columns with the names of parameters get an ending', async (t) => {
  const { pool } = stage.db;
  await pool.query(`CREATE TABLE pages (query integer, k integer, content text, embedding vector(${OLD_DIMENSIONS}), PRIMARY KEY (query, k));
    INSERT INTO pages SELECT id % 3, id, content, (SELECT array_agg(1.0 / (id + n)) FROM generate_series(1, ${OLD_DIMENSIONS}) AS n)::vector FROM documents`);
  const other = await stage.draft({ table: 'pages', to: QWEN, dimensions: DIMENSIONS, from: undefined, distance: 'l2' });
  await stage.bring(other, 'switch');
  const { rows } = await pool.query('SELECT query_key, k_key FROM reembed_live.nearest_pages($1, 1)', [queryOf(7)]);
  t.deepEqual(rows, [{ query_key: 1, k_key: 7 }]);
  await pool.query('DROP TABLE pages CASCADE');
  await pool.query("SELECT reembed.forget('public.pages.embedding')");
  t.deepEqual((await pool.query("SELECT FROM pg_proc WHERE proname LIKE 'nearest_pages%'")).rows, []);
});
