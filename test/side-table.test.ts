import test from 'ava';
import { applicationWrites, runWrites } from './harness/application-writes.ts';
import { createDocuments, NEW_DIMENSIONS, NEW_MODEL, OLD_MODEL, textOf, vectorText, wrongRows } from './harness/documents.ts';
import { vectorOf } from './harness/provider.ts';
import { createStage, type Stage } from './harness/stage.ts';
import { createWatch } from './harness/watch.ts';

const SIDE = 'documents_new_model_vectors';
const BESIDE = `(SELECT side.embedding FROM ${SIDE} AS side WHERE side.id = documents.id)`;
const BOTH = { oldColumn: 'embedding', newColumn: BESIDE };

let stage: Stage;
let campaign: string;

test.before(async () => {
  stage = await createStage();
  await createDocuments(stage.db.pool, 400);
  campaign = await stage.draft({ table: 'documents', storage: 'side-table' });
});
test.after.always(() => stage.close());

const sql = (text: string) => stage.db.pool.query(text);

/** Rows of the side table whose row is gone, whose text is another one, or that name another model. */
async function strays(): Promise<number> {
  const { rowCount } = await sql(
    `SELECT FROM ${SIDE} AS side LEFT JOIN documents AS d USING (id)
      WHERE d.id IS NULL OR side.text_hash <> reembed.text_hash(d.content) OR side.model_version <> '${NEW_MODEL}'`,
  );
  return rowCount ?? 0;
}

test.serial('the backfill rewrites no row of the table', async (t) => {
  await stage.bring(campaign, 'expand');
  const versions = async () =>
    (await sql("SELECT string_agg(ctid::text || xmin::text, ',' ORDER BY id) AS all FROM documents")).rows[0].all;
  const columns = async () =>
    (await sql("SELECT string_agg(attname, ',') AS all FROM pg_attribute WHERE attrelid = 'documents'::regclass AND attnum > 0")).rows[0]
      .all;
  const before = await versions();
  await stage.bring(campaign, 'index');
  t.deepEqual(await wrongRows(stage.db.pool, BOTH), []);
  t.is(await versions(), before);
  t.is(await columns(), 'id,content,embedding');
});

const PHASES_OF_WRITES = [
  ['before the backfill', 'expand', 10_000, BOTH],
  ['before the switch', 'index', 20_000, BOTH],
  ['after the switch', 'switch', 30_000, BOTH],
  ['after contract', 'contract', 40_000, { newColumn: BESIDE }],
] as const;

for (const [when, phase, at, columns] of PHASES_OF_WRITES) {
  test.serial(`${when} every kind of write ends with right vectors of every model, and none is left over`, async (t) => {
    const { pool } = stage.db;
    await stage.bring(campaign, phase);
    const { any, withOldVector } = applicationWrites(at);
    await runWrites(pool, phase === 'contract' ? any : { ...any, ...withOldVector });
    if (phase === 'expand') await stage.bring(campaign, 'backfill');
    await stage.work();
    t.deepEqual(await wrongRows(pool, columns), []);
    t.is(await strays(), 0);
    t.is((await pool.query('SELECT FROM reembed.change')).rowCount, 0);
  });
}

test.serial('back from contract the rows written since have vectors of both models again', async (t) => {
  await stage.bring(campaign, 'switch');
  await stage.work();
  t.deepEqual(await wrongRows(stage.db.pool, BOTH), []);
  t.is(await strays(), 0);
});

test.serial('the watch finds nothing wrong, and every known item', async (t) => {
  await sql("UPDATE reembed.setting SET known_items = 10, alert_after = '0'");
  const watch = createWatch(stage);
  t.deepEqual(await watch.check(2), []);
  t.deepEqual(await watch.kinds(), []);
  const { rows } = await sql('SELECT model, bool_and(found) AS found FROM reembed.known_item GROUP BY model ORDER BY model');
  t.deepEqual(rows, [
    { model: NEW_MODEL, found: true },
    { model: OLD_MODEL, found: true },
  ]);
  await sql(
    `UPDATE ${SIDE} AS side SET embedding = o.embedding FROM ${SIDE} AS o WHERE o.id = (SELECT min(id) FROM ${SIDE} AS n WHERE n.id > side.id)`,
  );
  await watch.check(2);
  t.deepEqual(await watch.kinds(), ['known_items']);
  await sql('UPDATE reembed.setting SET known_items = 0; DELETE FROM reembed.alert');
  // As they were: each vector is again that of the text.
  await sql(`DELETE FROM ${SIDE}`);
  await sql(
    `INSERT INTO reembed.change_public_documents_embedding_fded1d (key_1, needs_old, needs_new) SELECT id, false, true FROM documents`,
  );
  await stage.work();
  t.deepEqual(await wrongRows(stage.db.pool, BOTH), []);
});

test.serial('a changed row keeps the vectors of both models until a worker brings the new ones', async (t) => {
  await stage.bring(campaign, 'index');
  await sql("UPDATE documents SET content = 'changed before the switch' WHERE id = 30");
  t.is((await sql(`SELECT FROM ${SIDE} WHERE id = 30`)).rowCount, 1);
  await stage.work();
  await stage.bring(campaign, 'switch');
  await sql("UPDATE documents SET content = 'changed after the switch' WHERE id = 30");
  t.is((await sql(`SELECT FROM ${SIDE} WHERE id = 30`)).rowCount, 1);
  t.is((await sql("SELECT FROM documents_live WHERE id = 30 AND content = 'changed after the switch'")).rowCount, 1);
  t.is((await sql('SELECT FROM documents WHERE id = 30 AND embedding IS NULL')).rowCount, 0);
  await stage.work();
  t.deepEqual(await wrongRows(stage.db.pool, BOTH), []);
});

test.serial(
  'a row whose key changed has its vectors under the new one, also where one statement moves many of them into one another',
  async (t) => {
    const { pool } = stage.db;
    await sql('UPDATE documents SET id = id + 500000 WHERE id BETWEEN 100 AND 110');
    await stage.work();
    t.deepEqual(await wrongRows(pool, BOTH), []);
    t.is(await strays(), 0);

    await sql(`ALTER TABLE documents DROP CONSTRAINT documents_pkey;
    ALTER TABLE documents ADD PRIMARY KEY (id) DEFERRABLE INITIALLY DEFERRED;
    DELETE FROM documents WHERE id = 141;
    UPDATE documents SET id = id + 1 WHERE id BETWEEN 120 AND 140`);
    await stage.work();
    t.deepEqual(await wrongRows(pool, BOTH), []);
    await sql('UPDATE documents SET id = CASE id WHEN 150 THEN 151 WHEN 151 THEN 152 ELSE 150 END WHERE id IN (150, 151, 152)');
    await stage.work();
    t.deepEqual(await wrongRows(pool, BOTH), []);
    t.is(await strays(), 0);
  },
);

test.serial('after TRUNCATE the workers empty the side table too', async (t) => {
  await createDocuments(stage.db.pool, 30, { table: 'books' });
  const other = await stage.draft({ table: 'books', storage: 'side-table' });
  await stage.bring(other, 'index');
  t.is((await sql('SELECT FROM books_new_model_vectors')).rowCount, 30);
  await sql('TRUNCATE books');
  await stage.work();
  t.is((await sql('SELECT FROM books_new_model_vectors')).rowCount, 0);
  await sql("INSERT INTO books (content) VALUES ('the first again')");
  await stage.work();
  t.is((await sql('SELECT FROM books_new_model_vectors')).rowCount, 1);
  await stage.bring(other, 'none');
  await sql('DROP TABLE books');
});

test.serial('a search through the live view reads the index of the side table, with a filter and a join as well', async (t) => {
  const { pool } = stage.db;
  await stage.bring(campaign, 'switch');
  await createDocuments(pool, 4000, { table: 'papers' });
  await sql(
    "ALTER TABLE papers ADD COLUMN kind integer NOT NULL DEFAULT 0; UPDATE papers SET kind = id % 3; CREATE TABLE kinds AS SELECT g AS kind, 'kind ' || g AS name FROM generate_series(0, 2) AS g",
  );
  const other = await stage.draft({ table: 'papers', storage: 'side-table' });
  await stage.bring(other, 'switch');
  await sql('ANALYZE papers, papers_new_model_vectors');
  const vector = vectorText(vectorOf(NEW_MODEL, textOf(7), NEW_DIMENSIONS));
  const near = `embedding <=> reembed.query_vector(embedding_model, '${NEW_MODEL}', '${vector}')`;
  for (const query of [
    `SELECT id FROM papers_live ORDER BY ${near} LIMIT 10`,
    `SELECT id FROM papers_live WHERE kind = 1 ORDER BY ${near} LIMIT 10`,
    `SELECT id, name FROM papers_live JOIN kinds USING (kind) ORDER BY ${near} LIMIT 10`,
  ]) {
    const plan = (await pool.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${query}`)).rows.map((row) => row['QUERY PLAN']).join('\n');
    t.regex(plan, /Index Scan using papers_new_model_vectors_idx on papers_new_model_vectors/, plan);
    t.is((await pool.query(query)).rowCount, 10);
  }
  t.is((await pool.query(`SELECT id::int FROM papers_live ORDER BY ${near} LIMIT 1`)).rows[0].id, 7);
  await stage.bring(other, 'none');
  await sql('DROP TABLE papers, kinds');
});

test.serial('who may read the table may read the vectors beside it, and nobody may change them', async (t) => {
  await stage.bring(campaign, 'none');
  await sql(`CREATE ROLE side_reader; CREATE ROLE side_writer; CREATE ROLE side_stranger;
    GRANT SELECT ON documents TO side_reader; GRANT SELECT, UPDATE (content) ON documents TO side_writer`);
  try {
    await stage.bring(campaign, 'switch');
    const rights = await sql(
      `SELECT r AS role, has_table_privilege(r, '${SIDE}', 'SELECT') AS read, has_table_privilege(r, '${SIDE}', 'INSERT, UPDATE, DELETE') AS change
         FROM unnest(ARRAY['side_reader', 'side_writer', 'side_stranger']) AS r ORDER BY r`,
    );
    t.deepEqual(rights.rows, [
      { role: 'side_reader', read: true, change: false },
      { role: 'side_stranger', read: false, change: false },
      { role: 'side_writer', read: true, change: false },
    ]);
    const client = await stage.db.pool.connect();
    await client.query('SET ROLE side_reader');
    t.true(((await client.query('SELECT FROM documents_live LIMIT 5')).rowCount ?? 0) === 5);
    await client.query('RESET ROLE');
    await client.query("SET ROLE side_writer; UPDATE documents SET content = 'by the writer' WHERE id = 40; RESET ROLE");
    client.release();
    await stage.work();
    t.deepEqual(await wrongRows(stage.db.pool, BOTH), []);
  } finally {
    await sql('DROP OWNED BY side_reader, side_writer; DROP ROLE side_reader, side_writer, side_stranger');
  }
});

test.serial('expand taken down leaves nothing behind', async (t) => {
  await stage.bring(campaign, 'none');
  t.is((await sql(`SELECT FROM pg_class WHERE relname LIKE 'documents_new_model%'`)).rowCount, 0);
  t.is((await sql("SELECT FROM pg_trigger WHERE tgrelid = 'documents'::regclass AND NOT tgisinternal")).rowCount, 0);
  t.is(
    (await sql("SELECT FROM pg_proc WHERE pronamespace = 'reembed'::regnamespace AND proname LIKE '%public_documents_embedding_fded1d'"))
      .rowCount,
    0,
  );
  t.deepEqual(await wrongRows(stage.db.pool, { oldColumn: 'embedding' }), []);
});
