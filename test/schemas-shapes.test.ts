import anyTest from 'ava';
import {
  createDocuments,
  NEW_DIMENSIONS,
  NEW_MODEL,
  OLD_DIMENSIONS,
  OLD_MODEL,
  textOf,
  vectorText,
  wrongRows,
} from './harness/documents.ts';
import { vectorOf } from './harness/provider.ts';
import { columnNames, schemaViews } from './harness/schema-views.ts';
import { createStage, type Stage } from './harness/stage.ts';

const test = anyTest.serial;

let stage: Stage;

test.beforeEach(async () => {
  stage = await createStage();
});
test.afterEach.always(() => stage?.close());

const sql = (text: string, values?: unknown[]) => stage.db.pool.query(text, values);
const vector = (text: string, model = NEW_MODEL) =>
  vectorText(vectorOf(model, text, model === OLD_MODEL ? OLD_DIMENSIONS : NEW_DIMENSIONS));

test('with a side table the views are read in every phase, a write through any of them is refused by name, and the table is written as ever', async (t) => {
  await createDocuments(stage.db.pool, 60);
  const campaign = await stage.draft({ table: 'documents', storage: 'side-table' });
  await stage.bring(campaign, 'expand');
  const refusedEverywhere = async (schemas: string[]) => {
    for (const schema of schemas) {
      for (const write of [
        `INSERT INTO ${schema}.documents (id, content) VALUES (900, 'x')`,
        `UPDATE ${schema}.documents SET content = 'x' WHERE id = 2`,
        `DELETE FROM ${schema}.documents WHERE id = 2`,
      ]) {
        await t.throwsAsync(sql(write), { code: 'RE007', message: new RegExp(`view ${schema}.documents can only be read`) }, write);
      }
    }
  };
  await stage.bring(campaign, 'index');
  await refusedEverywhere(['reembed_live', 'reembed_old_model', 'reembed_new_model']);
  await sql("INSERT INTO public.documents (id, content) VALUES (900, 'written to the table')");
  for (const standing of ['switch', 'index', 'switch'] as const) {
    await stage.bring(campaign, standing);
    await stage.work();
    const { rows } = await sql(
      `SELECT id::int FROM reembed_new_model.documents ORDER BY embedding <=> '${vector('written to the table')}' LIMIT 1`,
    );
    t.deepEqual(rows, [{ id: 900 }]);
    const live = await sql('SELECT vector_dims(embedding) AS dimensions FROM reembed_live.documents LIMIT 1');
    t.is(live.rows[0].dimensions, standing === 'switch' ? NEW_DIMENSIONS : OLD_DIMENSIONS);
  }
  await stage.bring(campaign, 'contract');
  t.deepEqual(await schemaViews(stage.db.pool), ['reembed_live.documents', 'reembed_new_model.documents']);
  await refusedEverywhere(['reembed_live', 'reembed_new_model']);
  await stage.bring(campaign, 'none');
  t.deepEqual(await schemaViews(stage.db.pool), []);
});

test('tables of one name in two schemas have schemas of their own', async (t) => {
  await sql('CREATE SCHEMA tenant');
  await createDocuments(stage.db.pool, 20);
  await createDocuments(stage.db.pool, 20, { table: 'tenant.documents', index: false });
  await sql("UPDATE tenant.documents SET content = 'of the tenant ' || id");
  await stage.bring(await stage.createUsual(), 'index');
  const second = await stage.createUsual('tenant.documents');
  await stage.bring(second, 'index');
  t.deepEqual(await schemaViews(stage.db.pool), [
    'reembed_live.documents',
    'reembed_live_in_tenant.documents',
    'reembed_new_model.documents',
    'reembed_new_model_in_tenant.documents',
    'reembed_old_model.documents',
    'reembed_old_model_in_tenant.documents',
  ]);
  t.is((await sql('SELECT content FROM reembed_new_model_in_tenant.documents WHERE id = 5')).rows[0].content, 'of the tenant 5');
  t.is((await sql('SELECT content FROM reembed_new_model.documents WHERE id = 5')).rows[0].content, textOf(5));
  await stage.bring(second, 'none');
  t.is((await schemaViews(stage.db.pool)).length, 3);
});

test('two columns of one table share its views, which are written in both, through every order of steps', async (t) => {
  const { pool } = stage.db;
  await createDocuments(pool, 60);
  await sql(`ALTER TABLE documents ADD COLUMN title text, ADD COLUMN title_embedding vector(${OLD_DIMENSIONS})`);
  await sql('UPDATE documents SET title = content, title_embedding = embedding');
  const first = await stage.draft({ table: 'documents' });
  await stage.bring(first, 'expand');
  const own = await columnNames(stage.db.pool, 'documents').then((names) => names.filter((name) => !name.includes('_v2')));
  t.deepEqual(await columnNames(stage.db.pool, 'reembed_live.documents'), own);
  const second = await stage.draft({ table: 'documents', column: 'title_embedding', text: ['title'] });
  await stage.bring(second, 'index');
  await stage.bring(first, 'index');
  const write = async (id: number, schema: string, model: string) => {
    await sql(`INSERT INTO ${schema}.documents (id, content, embedding, title, title_embedding) VALUES ($1, $2, $3, $4, $5)`, [
      id,
      `content ${id}`,
      vector(`content ${id}`, model),
      `title ${id}`,
      vector(`title ${id}`, model),
    ]);
  };
  await write(901, 'reembed_new_model', NEW_MODEL);
  await write(902, 'reembed_old_model', OLD_MODEL);
  await stage.work();
  const check = async (columns: { first: object; second: object }) => {
    t.deepEqual(await wrongRows(pool, columns.first), []);
    t.deepEqual(await wrongRows(pool, { ...columns.second, text: 'title' }), []);
  };
  await check({
    first: { oldColumn: 'embedding', newColumn: 'embedding_v2' },
    second: { oldColumn: 'title_embedding', newColumn: 'title_embedding_v2' },
  });
  await stage.bring(first, 'contract');
  t.deepEqual(await columnNames(stage.db.pool, 'reembed_live.documents'), own, 'columns keep their places');
  // The first column has no vectors of the old model any more.
  t.is((await sql('SELECT vector_dims(embedding) AS n FROM reembed_old_model.documents WHERE id = 902')).rows[0].n, NEW_DIMENSIONS);
  t.is((await sql('SELECT vector_dims(title_embedding) AS n FROM reembed_old_model.documents WHERE id = 902')).rows[0].n, OLD_DIMENSIONS);
  await stage.bring(second, 'contract');
  t.deepEqual(await schemaViews(stage.db.pool), ['reembed_live.documents', 'reembed_new_model.documents']);
  await write(903, 'reembed_live', NEW_MODEL);
  await check({ first: { newColumn: 'embedding' }, second: { newColumn: 'title_embedding' } });
  await stage.bring(first, 'none');
  t.deepEqual(await columnNames(stage.db.pool, 'reembed_live.documents').then((names) => names.sort()), [...own].sort());
  await stage.bring(second, 'none');
  t.deepEqual(await schemaViews(stage.db.pool), []);
});

test('what a view cannot do is refused by PostgreSQL, and never done to the table', async (t) => {
  await createDocuments(stage.db.pool, 20);
  await stage.bring(await stage.createUsual(), 'expand');
  const view = 'reembed_new_model.documents';
  const refused: Record<string, [string, string]> = {
    'COPY FROM': [`COPY ${view} (content) FROM STDIN`, '42809'],
    'ON CONFLICT ON CONSTRAINT': [`INSERT INTO ${view} (id) VALUES (1) ON CONFLICT ON CONSTRAINT documents_pkey DO NOTHING`, '42704'],
    ctid: [`SELECT ctid FROM ${view}`, '42703'],
    xmin: [`SELECT xmin FROM ${view}`, '42703'],
    TRUNCATE: [`TRUNCATE ${view}`, '42809'],
    'CREATE INDEX': [`CREATE INDEX ON ${view} (content)`, '42809'],
    'ADD COLUMN': [`ALTER TABLE ${view} ADD COLUMN more text`, '42809'],
    'row triggers': [
      `CREATE TRIGGER x BEFORE INSERT ON ${view} FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()`,
      '42809',
    ],
  };
  for (const [what, [statement, code]] of Object.entries(refused)) await t.throwsAsync(sql(statement), { code }, what);
  const { rows } = await sql(
    "SELECT pg_get_serial_sequence('reembed_new_model.documents', 'id') AS sequence, (SELECT count(*)::int FROM documents) AS rows",
  );
  t.deepEqual(rows, [{ sequence: null, rows: 20 }]);
});

test('a schema whose name is taken is named by create, and by expand, and nothing is changed', async (t) => {
  await createDocuments(stage.db.pool, 20);
  await sql('CREATE SCHEMA reembed_new_model');
  const options = [
    '--table',
    'documents',
    '--text',
    'content',
    '--from',
    OLD_MODEL,
    '--to',
    NEW_MODEL,
    '--dimensions',
    String(NEW_DIMENSIONS),
  ];
  const { code, stderr } = await stage.workplace.run(['migrate', 'create', ...options]);
  t.not(code, 0);
  t.regex(stderr, /schema reembed_new_model already exists/);
  await sql('DROP SCHEMA reembed_new_model');
  const campaign = await stage.createUsual();
  // With the comment of ours, but of another owner.
  await sql(
    "CREATE ROLE schema_planter; CREATE SCHEMA reembed_new_model AUTHORIZATION schema_planter; COMMENT ON SCHEMA reembed_new_model IS 'pg-reembed: views of mine'",
  );
  try {
    await t.throwsAsync(stage.bring(campaign, 'expand'), {
      message: /schema reembed_new_model exists and was not created by pg-reembed/,
    });
    t.is((await sql('SELECT FROM reembed.campaign')).rowCount, 0);
    t.deepEqual(await schemaViews(stage.db.pool), []);
  } finally {
    await sql('DROP SCHEMA reembed_new_model; DROP ROLE schema_planter');
  }
});
