import anyTest from 'ava';
import pg from 'pg';
import { createDocuments, NEW_MODEL, OLD_MODEL, textOf } from './harness/documents.ts';
import { columnNames, schemaViews } from './harness/schema-views.ts';
import { createStage, type Stage } from './harness/stage.ts';

// Above the limit of an index on vector, so that the new vectors are halfvec.
const LARGE = 'large-model';
const test = anyTest.serial;

let stage: Stage;

test.beforeEach(async () => {
  stage = await createStage({ [LARGE]: 3000 });
});
test.afterEach.always(() => stage?.close());

const sql = (text: string, values?: unknown[]) => stage.db.pool.query(text, values);

test('after DDL of the application the views are reported, and replace_views makes them like the table again', async (t) => {
  await createDocuments(stage.db.pool, 20);
  await stage.bring(await stage.createUsual(), 'index');
  const damage = async () => (await sql('SELECT DISTINCT code FROM reembed.damage ORDER BY 1')).rows.map(({ code }) => code);
  t.deepEqual(await damage(), []);
  await sql("ALTER TABLE documents ADD COLUMN language text DEFAULT 'en'; ALTER TABLE documents RENAME COLUMN content TO body");
  t.deepEqual(await damage(), ['former_view']);
  const { stdout } = await stage.workplace.run(['doctor', '--json']);
  t.regex(stdout, /reembed_new_model.documents differs from/);
  await sql("SELECT reembed.replace_views('public.documents.embedding')");
  t.deepEqual(await damage(), []);
  t.deepEqual(await columnNames(stage.db.pool, 'reembed_new_model.documents'), ['id', 'body', 'embedding', 'language']);
  const { rows } = await sql("INSERT INTO reembed_new_model.documents (body) VALUES ('a default applies') RETURNING language");
  t.deepEqual(rows, [{ language: 'en' }]);
  await sql('ALTER TABLE documents RENAME TO papers');
  t.deepEqual(await damage(), ['former_view']);
  await sql("SELECT reembed.replace_views('public.documents.embedding')");
  t.deepEqual(await schemaViews(stage.db.pool), ['reembed_live.papers', 'reembed_new_model.papers', 'reembed_old_model.papers']);
  await sql('DROP VIEW reembed_new_model.papers');
  t.deepEqual(await damage(), ['no_view']);
  await sql("SELECT reembed.replace_views('public.documents.embedding')");
  t.is((await schemaViews(stage.db.pool)).length, 3);
  await sql(
    "BEGIN; SELECT reembed.unhook('papers'); ALTER TABLE papers ALTER COLUMN language TYPE varchar(9); SELECT reembed.rehook('papers'); COMMIT",
  );
  t.is((await schemaViews(stage.db.pool)).length, 3);
});

test('functions and views on a view whose type changes at the switch are created again, forward and back, with owner and grants', async (t) => {
  await createDocuments(stage.db.pool, 60);
  const campaign = await stage.draft({ table: 'documents', to: LARGE, dimensions: 3000 });
  await stage.bring(campaign, 'index');
  await sql(`
    CREATE FUNCTION match_documents(query text) RETURNS SETOF documents_live LANGUAGE sql STABLE AS 'SELECT * FROM documents_live WHERE content = query';
    REVOKE ALL ON FUNCTION match_documents FROM PUBLIC;
    COMMENT ON FUNCTION match_documents IS 'of the user';
    CREATE FUNCTION match_parsed(query text) RETURNS SETOF reembed_live.documents LANGUAGE sql STABLE BEGIN ATOMIC SELECT * FROM reembed_live.documents WHERE content = query; END;
    CREATE VIEW short_documents AS SELECT id, embedding FROM documents_live WHERE id < 10;
    CREATE VIEW shorter_documents AS SELECT * FROM short_documents WHERE id < 5;
    CREATE MATERIALIZED VIEW kept_documents AS SELECT id, embedding FROM reembed_live.documents`);
  const state = async () =>
    (
      await sql(`SELECT p.proname AS name, p.proowner::regrole::text || ' ' || coalesce(p.proacl::text, '') || ' ' || coalesce(obj_description(p.oid, 'pg_proc'), '') AS facts
                   FROM pg_proc AS p WHERE p.proname IN ('match_documents', 'match_parsed') ORDER BY 1`)
    ).rows;
  const before = await state();
  const typeOf = async (relation: string) =>
    (
      await sql("SELECT format_type(atttypid, NULL) AS type FROM pg_attribute WHERE attrelid = $1::regclass AND attname = 'embedding'", [
        relation,
      ])
    ).rows[0].type;
  await stage.pass(campaign);
  for (const [model, type] of [
    [LARGE, 'halfvec'],
    [OLD_MODEL, 'vector'],
    [LARGE, 'halfvec'],
  ]) {
    await sql('SELECT reembed.switch_to($1, $2)', ['documents', model]);
    t.deepEqual(await state(), before);
    for (const relation of ['documents_live', 'reembed_live.documents', 'shorter_documents']) t.is(await typeOf(relation), type, relation);
    for (const name of ['match_documents', 'match_parsed']) t.is((await sql(`SELECT id FROM ${name}($1)`, [textOf(7)])).rowCount, 1);
  }
  // What cannot be created again stays on the former view, which contract names.
  const { rows } = await sql('SELECT condition FROM reembed.contract_gate($1) ORDER BY 1', [campaign]);
  t.true(
    rows.some(({ condition }) => /view reembed_live\.documents_until_[0-9_]+ uses/.test(condition)),
    JSON.stringify(rows),
  );
});

test('contract waits for a role or database whose search_path has the schema of the old model', async (t) => {
  await createDocuments(stage.db.pool, 20);
  const campaign = await stage.createUsual();
  await stage.bring(campaign, 'switch');
  const codes = async () =>
    (await sql('SELECT code, condition, remedy FROM reembed.contract_gate($1)', [campaign])).rows.filter(
      ({ code }) => code === 'schema_in_use',
    );
  t.deepEqual(await codes(), []);
  const database = (await sql('SELECT quote_ident(current_database()) AS name')).rows[0].name;
  await sql(`ALTER DATABASE ${database} SET search_path = "reembed_old_model", public`);
  const [found] = await codes();
  t.regex(found.condition, /database .* has a search_path with reembed_old_model/);
  t.regex(found.remedy, /ALTER DATABASE .* SET search_path = reembed_new_model/);
  const readers = (await sql("SELECT reembed.view_readers('public.documents.embedding') AS reader")).rows.map(({ reader }) => reader);
  t.true(readers.some((reader) => /whose search_path names reembed_old_model/.test(reader)));
  await sql(`ALTER DATABASE ${database} SET search_path = reembed_new_model, public`);
  t.deepEqual(await codes(), []);
  await sql(`ALTER DATABASE ${database} RESET search_path`);
});

test('a switch waits for nobody who reads one of the other views, and fails at most for a moment', async (t) => {
  if (!process.env.TEST_DATABASE_URL) return t.pass('locks need a server');
  await createDocuments(stage.db.pool, 20);
  const campaign = await stage.createUsual();
  await stage.bring(campaign, 'index');
  await stage.pass(campaign);
  const reader = new pg.Client({ connectionString: stage.db.url });
  await reader.connect();
  await reader.query('BEGIN; SELECT id FROM reembed_old_model.documents LIMIT 1; SELECT id FROM reembed_new_model.documents LIMIT 1');
  await t.notThrowsAsync(sql('SELECT reembed.switch_to($1, $2)', ['documents', NEW_MODEL]));
  await reader.query('COMMIT');
  await reader.end();
});
