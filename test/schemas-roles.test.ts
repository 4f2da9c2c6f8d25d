import anyTest from 'ava';
import { NEW_DIMENSIONS, NEW_MODEL, textOf, vectorText } from './harness/documents.ts';
import { vectorOf } from './harness/provider.ts';
import { createArguments, createRoleStage, type RoleStage } from './harness/roles.ts';
import { ACCEPTING_UP } from './harness/roles-campaign.ts';

// Roles are distinguished on a real server only.
const test = process.env.TEST_DATABASE_URL ? anyTest.serial : anyTest.serial.skip;
const SCHEMAS = ['reembed_live_in_app', 'reembed_new_model_in_app', 'reembed_old_model_in_app'];

let stage: RoleStage;

anyTest.before(async () => {
  if (!process.env.TEST_DATABASE_URL) return;
  stage = await createRoleStage();
  const { installer } = stage;
  for (const [args, code] of [
    [createArguments(), 0],
    [ACCEPTING_UP, 3],
    [['worker', '--drain'], 0],
  ] as const) {
    const result = await installer.run([...args]);
    if (result.code !== code) throw new Error(`${args.join(' ')}: ${result.code} ${result.stderr}`);
  }
});
anyTest.after.always(() => stage?.close());

test('the views belong to the owner of the table and the schemas to the installer, and nobody else may create in them', async (t) => {
  const { rows } = await stage.admin.query(
    `SELECT n.nspname AS schema, n.nspowner::regrole::text AS schema_owner, c.relowner::regrole::text AS owner, c.reloptions AS options
       FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.relname = 'documents' AND c.relkind = 'v' ORDER BY 1`,
  );
  t.deepEqual(
    rows,
    SCHEMAS.map((schema) => ({ schema, schema_owner: stage.installer.name, owner: stage.owner.name, options: ['security_invoker=true'] })),
  );
  const stranger = await stage.addRole('stranger');
  for (const role of [stage.owner, stage.application, stranger]) {
    for (const schema of SCHEMAS) {
      for (const statement of [
        `CREATE TABLE ${schema}.planted ()`,
        `CREATE FUNCTION ${schema}.planted() RETURNS void LANGUAGE sql AS ''`,
        `CREATE OR REPLACE VIEW ${schema}.documents AS SELECT 1`,
        `ALTER VIEW ${schema}.documents RENAME TO other`,
        `DROP SCHEMA ${schema} CASCADE`,
      ]) {
        await t.throwsAsync(role.pool.query(statement), { code: '42501' }, `${role.name}: ${statement}`);
      }
    }
  }
});

test('a role may do through a view what it may do on the table, and no more, also after a grant or a revoke', async (t) => {
  const { owner, application, admin, installer } = stage;
  const [stranger, clerk] = [await stage.addRole('stranger2'), await stage.addRole('clerk')];
  const view = 'reembed_new_model_in_app.documents';
  const vector = vectorText(vectorOf(NEW_MODEL, 'through the view', NEW_DIMENSIONS));
  const written = await application.pool.query(
    `INSERT INTO ${view} (content, embedding) VALUES ('through the view', $1) ON CONFLICT (id) DO UPDATE SET content = excluded.content RETURNING id`,
    [vector],
  );
  t.is(written.rowCount, 1);
  t.is((await application.pool.query(`UPDATE ${view} SET content = $1 WHERE id = 3`, [textOf(3)])).rowCount, 1);
  for (const statement of [`SELECT id FROM ${view}`, `INSERT INTO ${view} (content) VALUES ('x')`, `DELETE FROM ${view}`])
    await t.throwsAsync(stranger.pool.query(statement), { code: '42501' }, statement);
  await owner.pool.query(`GRANT USAGE ON SCHEMA app TO ${clerk.name}; GRANT SELECT (id), UPDATE (content) ON documents TO ${clerk.name}`);
  const refresh = () => installer.pool.query("SELECT reembed.replace_views('app.documents.embedding')");
  await refresh();
  // The same columns as on the table. To read a security_invoker view, a role needs all of its columns, as with the live view.
  const grants = async () => {
    const { rows } = await admin.query<{ name: string }>(
      "SELECT a.attname AS name FROM pg_attribute AS a WHERE a.attrelid = $1::regclass AND a.attacl::text LIKE '%' || $2 || '%' ORDER BY 1",
      [view, clerk.name],
    );
    return rows.map(({ name }) => name);
  };
  t.deepEqual(await grants(), ['content', 'id']);
  for (const statement of [`SELECT * FROM ${view}`, `UPDATE ${view} SET embedding = NULL`, `DELETE FROM ${view}`])
    await t.throwsAsync(clerk.pool.query(statement), { code: '42501' }, statement);
  await owner.pool.query(
    `REVOKE ALL ON documents FROM ${clerk.name}; REVOKE SELECT (id), UPDATE (content) ON documents FROM ${clerk.name}`,
  );
  await refresh();
  t.deepEqual(await grants(), []);
});

test('row level security of the table holds through every view', async (t) => {
  const { owner, application } = stage;
  await owner.pool.query(
    'ALTER TABLE documents ENABLE ROW LEVEL SECURITY; CREATE POLICY first_five ON documents USING (id <= 5) WITH CHECK (id <= 5)',
  );
  for (const schema of SCHEMAS) {
    t.is((await application.pool.query(`SELECT id FROM ${schema}.documents`)).rowCount, 5, schema);
    await t.throwsAsync(
      application.pool.query(`INSERT INTO ${schema}.documents (id, content) VALUES (700, 'x')`),
      { code: '42501' },
      schema,
    );
  }
  await owner.pool.query('DROP POLICY first_five ON documents; ALTER TABLE documents DISABLE ROW LEVEL SECURITY');
});

test('a path that a role stores makes its unqualified statements read and write the model of the schema', async (t) => {
  const { admin, application } = stage;
  const database = (await admin.query('SELECT quote_ident(current_database()) AS name')).rows[0].name;
  await admin.query(
    `ALTER ROLE ${application.name} IN DATABASE ${database} SET search_path = reembed_new_model_in_app, app, public, extensions`,
  );
  const fresh = await stage.addRole('deployment', `IN ROLE ${application.name}`);
  await admin.query(`ALTER ROLE ${fresh.name} IN DATABASE ${database} SET search_path = reembed_new_model_in_app, app, public, extensions`);
  const { rows } = await fresh.pool.query('SELECT id::int FROM documents ORDER BY embedding <=> $1 LIMIT 1', [
    vectorText(vectorOf(NEW_MODEL, textOf(9), NEW_DIMENSIONS)),
  ]);
  t.deepEqual(rows, [{ id: 9 }]);
});
