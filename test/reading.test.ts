import test from 'ava';
import pg from 'pg';
import { createDocuments, NEW_MODEL, OLD_MODEL, textOf, vectorText } from './harness/documents.ts';
import { vectorOf } from './harness/provider.ts';
import { createStage, type Stage, type Standing } from './harness/stage.ts';

const DIMENSIONS: Record<string, number> = { [OLD_MODEL]: 16, [NEW_MODEL]: 24 };
const READER = `reader_${process.pid}`;
const COLUMN_READER = `column_reader_${process.pid}`;

let stage: Stage;
let campaign: string;

test.before(async () => {
  stage = await createStage();
  await createDocuments(stage.db.pool, 300);
  await sql('ALTER TABLE documents ADD COLUMN tenant integer NOT NULL DEFAULT 1');
  await sql(`CREATE ROLE ${READER}; CREATE ROLE ${COLUMN_READER}; GRANT SELECT ON documents TO ${READER}`);
  await sql(`GRANT SELECT (id, content, embedding, tenant) ON documents TO ${COLUMN_READER}`);
  campaign = await stage.createUsual();
  await stage.bring(campaign, 'expand');
  await sql(`GRANT SELECT ON documents_live TO ${COLUMN_READER}`);
});
test.after.always(async () => {
  await sql(`DROP OWNED BY ${READER}, ${COLUMN_READER}; DROP ROLE ${READER}, ${COLUMN_READER}`).catch(() => {});
  await stage.close();
});

const sql = (text: string) => stage.db.pool.query(text);
const query = (model: string, text = textOf(7)) => `'${vectorText(vectorOf(model, text, DIMENSIONS[model] ?? 0))}'`;

/** Runs statements as a role, in a transaction that is rolled back; gives the rows of the last. */
async function as(role: string, ...statements: string[]): Promise<Record<string, unknown>[]> {
  const client = await stage.db.pool.connect();
  try {
    await client.query(`BEGIN; SET LOCAL ROLE ${role}`);
    let rows: Record<string, unknown>[] = [];
    for (const statement of statements) ({ rows } = await client.query(statement));
    return rows;
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
}

/** The vector index that a search uses; small tables are searched without one unless that is made expensive. */
async function indexOf(search: string): Promise<string | undefined> {
  const client = await stage.db.pool.connect();
  await client.query('BEGIN; SET LOCAL enable_seqscan = off');
  const { rows } = await client.query(`EXPLAIN ${search}`);
  await client.query('ROLLBACK');
  client.release();
  return /Index Scan using (\S+)/.exec(JSON.stringify(rows))?.[1];
}

const STANDINGS = [
  ['expand', OLD_MODEL, 'documents_embedding_idx'],
  ['index', OLD_MODEL, 'documents_embedding_idx'],
  ['switch', NEW_MODEL, 'documents_embedding_v2_idx'],
  ['index', OLD_MODEL, 'documents_embedding_idx'],
  ['switch', NEW_MODEL, 'documents_embedding_v2_idx'],
  ['contract', NEW_MODEL, 'documents_embedding_idx'],
  ['switch', NEW_MODEL, 'documents_embedding_v2_idx'],
] as const satisfies [Standing, string, string][];

for (const [step, [standing, model, index]] of STANDINGS.entries()) {
  test.serial(`step ${step}, ${standing}: the live view is searched with the index of ${model}, by whoever could read it`, async (t) => {
    await stage.bring(campaign, standing);
    t.is(await indexOf(`SELECT id, content FROM documents_live ORDER BY embedding <=> ${query(model)} LIMIT 10`), index);
    t.is(await indexOf(`SELECT * FROM documents_live WHERE tenant = 1 ORDER BY embedding <=> ${query(model)} LIMIT 10`), index);
    const guarded = `reembed.query_vector(embedding_model, '${model}', ${query(model)})`;
    t.is(await indexOf(`SELECT id FROM documents_live ORDER BY embedding <=> ${guarded} LIMIT 10`), index);

    for (const reader of [READER, COLUMN_READER]) {
      const search = `SELECT id::text, embedding_model, reembed.active_model('documents') AS active FROM documents_live ORDER BY embedding <=> ${guarded} LIMIT 10`;
      const rows = await as(reader, search);
      t.is(rows.length, 10);
      t.deepEqual(rows[0], { id: '7', embedding_model: model, active: model });
    }
    await t.throwsAsync(as(READER, `UPDATE reembed.setting SET read_model = '${OLD_MODEL}'`), { code: '42501' });
    await t.throwsAsync(as(READER, `SELECT reembed.switch_to('documents', '${OLD_MODEL}')`), { code: '42501' });
  });

  test.serial(`step ${step}, ${standing}: a query vector of another model is refused with RE002`, async (t) => {
    const other = model === OLD_MODEL ? NEW_MODEL : OLD_MODEL;
    const search = `SELECT id FROM documents_live ORDER BY embedding <=> reembed.query_vector(embedding_model, '${other}', ${query(model)}) LIMIT 3`;
    await t.throwsAsync(as(READER, search), {
      code: 'RE002',
      message: new RegExp(`of model ${other}, but the view serves model ${model}`),
    });
    await t.throwsAsync(as(READER, `SELECT reembed.query_vector(embedding_model, NULL, ${query(model)}) FROM documents_live`), {
      code: 'RE002',
    });
    await t.throwsAsync(as(READER, "SELECT reembed.active_model('nowhere')"), {
      code: 'RE003',
      message: /"?nowhere"?.* is not registered/,
    });
  });
}

test.serial('until contract each model has a view of its own that a switch leaves alone', async (t) => {
  for (const standing of ['index', 'switch'] as const) {
    await stage.bring(campaign, standing);
    for (const [model, index] of [
      [OLD_MODEL, 'documents_embedding_idx'],
      [NEW_MODEL, 'documents_embedding_v2_idx'],
    ] as const) {
      const view = `documents_${model.replace('-', '_')}`;
      t.is(await indexOf(`SELECT id FROM ${view} ORDER BY embedding <=> ${query(model)} LIMIT 3`), index);
      const rows = await as(READER, `SELECT id::text, embedding_model FROM ${view} ORDER BY embedding <=> ${query(model)} LIMIT 1`);
      t.deepEqual(rows, [{ id: '7', embedding_model: model }]);
    }
  }
});

test.serial('row level security holds through the live view, whichever model is read', async (t) => {
  await sql(`ALTER TABLE documents ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON documents FOR SELECT TO ${READER} USING (tenant = 2)`);
  await sql('UPDATE documents SET tenant = 2 WHERE id <= 30');
  for (const model of [OLD_MODEL, NEW_MODEL, OLD_MODEL, NEW_MODEL]) {
    await sql(`SELECT reembed.switch_to('documents', '${model}')`);
    t.deepEqual(await as(READER, 'SELECT count(*)::integer AS rows FROM documents_live'), [{ rows: 30 }]);
    t.deepEqual(await as(READER, `SELECT count(*)::integer AS rows FROM documents_${model.replace('-', '_')}`), [{ rows: 30 }]);
  }
  await sql(`DROP POLICY own ON documents; ALTER TABLE documents DISABLE ROW LEVEL SECURITY`);
});

test.serial('grants and options a DBA gave the live view survive switch, back and contract', async (t) => {
  await sql(
    `REVOKE ALL ON documents_live FROM ${READER}; GRANT SELECT ON documents_live TO ${READER} WITH GRANT OPTION; ALTER VIEW documents_live SET (check_option = local)`,
  );
  const facts = async () =>
    (
      await sql(
        "SELECT relacl::text AS grants, reloptions::text AS options, pg_get_userbyid(relowner) AS owner FROM pg_class WHERE oid = 'documents_live'::regclass",
      )
    ).rows;
  const before = await facts();
  t.regex(before[0].options, /security_invoker=true.*check_option=local/);
  for (const standing of ['index', 'switch', 'contract', 'switch'] as const) {
    await stage.bring(campaign, standing);
    t.deepEqual(await facts(), before, standing);
  }
  await sql('ALTER VIEW documents_live RESET (check_option)');
});

test.serial('a column added to the table appears in the live view with the next switch', async (t) => {
  await sql("ALTER TABLE documents ADD COLUMN language text NOT NULL DEFAULT 'en'");
  await sql(`SELECT reembed.switch_to('documents', '${OLD_MODEL}')`);
  t.deepEqual(await as(READER, 'SELECT DISTINCT language FROM documents_live'), [{ language: 'en' }]);
  const names =
    "SELECT array_agg(attname::text ORDER BY attnum) AS names FROM pg_attribute WHERE attrelid = 'documents_live'::regclass AND attnum > 0";
  t.deepEqual((await sql(names)).rows[0].names, ['id', 'content', 'embedding', 'tenant', 'embedding_model', 'language']);
  await sql(`SELECT reembed.switch_to('documents', '${NEW_MODEL}')`);
});

test.serial('a switch by SQL, by function or by UPDATE, is audited and notified', async (t) => {
  const listener = new pg.Client({ connectionString: stage.db.url });
  await listener.connect();
  const heard: { setting: string; value: string }[] = [];
  listener.on('notification', ({ payload }) => heard.push(JSON.parse(payload ?? '{}')));
  await listener.query('LISTEN reembed');
  const { rows: last } = await sql('SELECT max(id) AS id FROM reembed.event');
  t.deepEqual((await sql(`SELECT reembed.switch_to('public.documents', '${OLD_MODEL}') AS model`)).rows, [{ model: OLD_MODEL }]);
  t.deepEqual((await sql('SELECT reembed.active_model() AS model')).rows, [{ model: OLD_MODEL }]);
  await sql(`UPDATE reembed.setting SET read_model = '${NEW_MODEL}'`);
  t.deepEqual((await sql(`SELECT DISTINCT embedding_model AS model FROM documents_live`)).rows, [{ model: NEW_MODEL }]);
  const { rows: events } = await sql(
    `SELECT kind, from_value, to_value, actor = session_user AS mine, campaign FROM reembed.event WHERE id > ${last[0].id} ORDER BY id`,
  );
  t.deepEqual(events, [
    { kind: 'read_model', from_value: NEW_MODEL, to_value: OLD_MODEL, mine: true, campaign: campaign },
    { kind: 'read_model', from_value: OLD_MODEL, to_value: NEW_MODEL, mine: true, campaign: campaign },
  ]);
  for (let i = 0; i < 50 && heard.length < 2; i++) await listener.query('SELECT 1');
  t.deepEqual(
    heard.map(({ setting, value }) => `${setting} ${value}`),
    [`read_model ${OLD_MODEL}`, `read_model ${NEW_MODEL}`],
  );
  await listener.end();
});

test.serial('a switch to a model without vectors here is refused and names those there are', async (t) => {
  const error = await t.throwsAsync<Error & { hint: string }>(sql("SELECT reembed.switch_to('documents', 'no-such-model')"), {
    code: 'RE004',
    message: /has no vectors of model no-such-model/,
  });
  t.regex(error?.hint ?? '', /new-model.*old-model|old-model.*new-model/);
  await stage.bring(campaign, 'contract');
  await t.throwsAsync(sql(`SELECT reembed.switch_to('documents', '${OLD_MODEL}')`), { code: 'RE004' });
});

test.serial(
  'a transaction that began before a switch is refused the vector of the model it began with, though it still sees its setting',
  async (t) => {
    if (!stage.db.real) return t.pass('one session: nothing can switch meanwhile');
    await stage.bring(campaign, 'index');
    const client = await stage.db.pool.connect();
    try {
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
      const { rows } = await client.query("SELECT reembed.active_model('documents') AS model");
      t.is(rows[0].model, OLD_MODEL);
      await stage.bring(campaign, 'switch');
      await t.throwsAsync(
        client.query(
          `SELECT id FROM documents_live ORDER BY embedding <=> reembed.query_vector(embedding_model, $1, ${query(OLD_MODEL)}) LIMIT 3`,
          [OLD_MODEL],
        ),
        { code: 'RE002' },
      );
    } finally {
      await client.query('ROLLBACK');
      client.release();
    }
  },
);
