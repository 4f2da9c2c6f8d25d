import anyTest from 'ava';
import { NEW_MODEL, OLD_MODEL } from './harness/documents.ts';
import { createArguments, createRoleStage } from './harness/roles.ts';

// The embedded database has one role.
const test = process.env.TEST_DATABASE_URL ? anyTest : anyTest.skip;

test('a role that may only connect reads no table, records nothing and calls nothing that changes something', async (t) => {
  const stage = await createRoleStage();
  t.teardown(stage.close);
  const { admin, installer } = stage;
  t.is((await installer.run(createArguments())).code, 0);
  t.is((await installer.run(['migrate', 'up'])).code, 3);
  await admin.query('UPDATE reembed.setting SET query_log_percent = 100, shadow_percent = 100');
  const stranger = await stage.addRole('stranger');
  const refused = async (statement: string) => t.throwsAsync(stranger.pool.query(statement), { code: '42501' }, statement);

  const { rows: relations } = await admin.query<{ name: string }>(
    `SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
      WHERE n.nspname IN ('reembed', 'reembed_queue') AND c.relkind IN ('r', 'p', 'v')`,
  );
  t.true(relations.length > 40);
  for (const { name } of relations) await refused(`SELECT FROM ${name}`);
  for (const call of [
    "pause('app.documents')",
    "switch_to('app.documents', 'x')",
    "erase('app.documents', '{}')",
    "watch('app.documents')",
  ])
    await refused(`SELECT reembed.${call}`);
  await refused(
    `SELECT reembed.record_shadow_read('app.documents', '${OLD_MODEL}', '${NEW_MODEL}', false, 10, 1, 1, 1, 1, 1, NULL, NULL, NULL)`,
  );
  await stranger.pool.query("SELECT reembed.log_query('app.documents', 'a query')").catch(() => {});
  const { rows } = await admin.query(
    'SELECT (SELECT count(*) FROM reembed.query_log) + (SELECT count(*) FROM reembed.shadow_read) AS recorded',
  );
  t.is(Number(rows[0].recorded), 0);
});
