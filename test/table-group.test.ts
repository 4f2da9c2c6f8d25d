import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import pg from 'pg';
import { migrateCommand } from '../src/commands/migrate.ts';
import { settingCommand } from '../src/commands/setting.ts';
import { validateCommand } from '../src/commands/validate.ts';
import { createDocuments, NEW_DIMENSIONS, NEW_MODEL, OLD_MODEL, wrongRows } from './harness/documents.ts';
import { assertRefused, fingerprint } from './harness/refusal.ts';
import { createStage, type Stage } from './harness/stage.ts';

const TENANTS = ['tenant_1', 'tenant_2', 'tenant_3'];
const MODELS = ['--to', NEW_MODEL, '--dimensions', String(NEW_DIMENSIONS), '--from', OLD_MODEL];
const GROUP = ['migrate', 'create', '--tables', 'tenant_*.documents', '--text', 'content', ...MODELS];

let stage: Stage;

test.before(async () => {
  stage = await createStage();
  for (const [i, tenant] of TENANTS.entries()) {
    await stage.db.pool.query(`CREATE SCHEMA ${tenant}`);
    await createDocuments(stage.db.pool, 40 + i, { table: `${tenant}.documents`, index: false });
  }
});
test.after.always(() => stage?.close());

const migrations = () => join(stage.workplace.directory, 'migrations');
const phases = async () => {
  const { rows } = await stage.db.pool.query<{ target: string; phase: string; read_model: string }>(
    'SELECT target, phase, read_model FROM reembed.progress ORDER BY target',
  );
  return rows.map(({ target, phase, read_model }) => `${target.split('.')[0]} ${phase} ${read_model}`);
};
const everyOne = (phase: string, model: string) => TENANTS.map((tenant) => `${tenant} ${phase} ${model}`);
const campaigns = async () =>
  (await stage.db.pool.query<{ name: string }>('SELECT name FROM reembed.campaign ORDER BY name')).rows.map(({ name }) => name);

test.serial('a group with a table that lacks the column, or with no table, is refused with one line, and nothing is written', async (t) => {
  const { pool } = stage.db;
  await pool.query('CREATE SCHEMA tenant_4');
  await pool.query('CREATE TABLE tenant_4.documents (id bigint PRIMARY KEY, content text)');
  const before = await fingerprint(pool);
  assertRefused(t, await stage.workplace.run(GROUP), { code: 'no_such_column', says: /tenant_4\.documents has no column embedding/ });
  t.throws(() => readdirSync(migrations()), { code: 'ENOENT' });
  const other = (...args: string[]) => stage.workplace.run(['migrate', 'create', ...args, '--text', 'content', ...MODELS]);
  assertRefused(t, await other('--tables', 'nobody_*.documents'), { code: 'no_tables_in_group', says: /nobody_\*/ });
  assertRefused(t, await other('--tables', 'documents'), { code: 'usage', exit: 'usage', says: /SCHEMA\.TABLE/ });
  assertRefused(t, await other('--table', 'documents', '--tables', 'a.b'), { code: 'usage', exit: 'usage' });
  assertRefused(t, await other(), { code: 'usage', exit: 'usage', remedy: /--table/ });
  assertRefused(t, await other('--group', 'g', '--tables-query', 'SELECT nonsense'), { code: 'bad_tables_query', says: /nonsense/ });
  assertRefused(t, await other('--group', 'g', '--tables-query', 'CREATE TABLE t ()'), { code: 'bad_tables_query', says: /read-only/ });
  t.deepEqual(await fingerprint(pool), before);
  await pool.query('DROP SCHEMA tenant_4 CASCADE');
});

test.serial('one set of five files moves every table of the group, forward, back and forward, each recorded on its own', async (t) => {
  const created = await stage.workplace.run([...GROUP, '--json']);
  t.is(created.code, 0, created.stderr);
  t.is(readdirSync(migrations()).length, 5);
  t.is((JSON.parse(created.stdout) as { campaigns: unknown[] }).campaigns.length, 3);

  await stage.up();
  t.deepEqual(await phases(), everyOne('backfill', OLD_MODEL));
  await stage.work();
  await stage.up(1);
  t.deepEqual(await phases(), everyOne('index', OLD_MODEL));
  for (const name of await campaigns()) await stage.pass(name);
  await stage.up(1);
  t.deepEqual(await phases(), everyOne('switch', NEW_MODEL));
  await stage.down();
  t.deepEqual(await phases(), everyOne('index', OLD_MODEL));
  await stage.up(1);
  t.deepEqual(await phases(), everyOne('switch', NEW_MODEL));
  for (const tenant of TENANTS)
    t.deepEqual(await wrongRows(stage.db.pool, { table: `${tenant}.documents`, newColumn: 'embedding_v2' }), []);
  await stage.down(2);
  t.deepEqual(await phases(), everyOne('backfill', OLD_MODEL));
});

test.serial('a table that fails holds up only itself, and the next up runs what it lacks', async (t) => {
  const { pool } = stage.db;
  // A relation with the name of the index makes its build fail.
  await pool.query('CREATE TABLE tenant_2.documents_embedding_v2_idx ()');
  const failed = await stage.workplace.run(['migrate', 'up', '1', '--json']);
  assertRefused(t, failed, { code: 'group_failed', says: /1 table of a table group failed.*_2_documents/, remedy: /migrate up/ });
  t.is((JSON.parse(failed.stdout) as { failed: unknown[] }).failed.length, 1);
  t.deepEqual(await phases(), [`tenant_1 index ${OLD_MODEL}`, `tenant_2 backfill ${OLD_MODEL}`, `tenant_3 index ${OLD_MODEL}`]);
  await pool.query('DROP TABLE tenant_2.documents_embedding_v2_idx');
  await stage.up(1);
  t.deepEqual(await phases(), everyOne('index', OLD_MODEL));
});

test.serial('status shows a line for each table and their sum; settings and validations are for the whole group', async (t) => {
  const status = await stage.workplace.run(['status']);
  t.regex(status.stdout, /table group tenant_documents/);
  for (const [i, tenant] of TENANTS.entries())
    t.regex(status.stdout, new RegExp(`${tenant}\\.documents\\.embedding +index +${OLD_MODEL} +${40 + i} of ${40 + i} `));
  t.regex(status.stdout, /3 tables +3 index +3 old-model +123 of 123 /);

  const set = await stage.workplace.run(['setting', '--group', 'tenant_documents', 'requests_per_minute=77']);
  t.is(set.code, 0, set.stderr);
  t.is((await stage.db.pool.query('SELECT FROM reembed.setting WHERE requests_per_minute = 77')).rowCount, 3);
  const refused = await stage.workplace.run(['setting', '--group', 'tenant_documents', 'max_failed_rows=-1']);
  t.not(refused.code, 0);
  assertRefused(t, await stage.workplace.run(['setting', '--group', 'nobody']), { code: 'no_such_group', remedy: /tenant_documents/ });

  const validated = await stage.workplace.run(['validate', '--group', 'tenant_documents', '--audit', '0', '--sample', '5', '--json']);
  const results = JSON.parse(validated.stdout) as { target: string; verdict: string }[];
  t.deepEqual(
    results.map(({ target }) => target),
    TENANTS.map((tenant) => `${tenant}.documents.embedding`),
  );
  t.is((await stage.db.pool.query('SELECT DISTINCT campaign FROM reembed.validation WHERE queries = 5')).rowCount, 3);
});

test('every option in the documentation of table groups exists', (t) => {
  const docs = readFileSync(new URL('../docs/table-groups.md', import.meta.url), 'utf8');
  const commands = [migrateCommand(), settingCommand(), validateCommand()];
  const lines = [...docs.matchAll(/npm run (\w+)([^`\n]*)/g)];
  t.true(lines.length > 7);
  for (const [, script, rest = ''] of lines) {
    const command = commands.find((candidate) => candidate.name() === script);
    const [first = ''] = rest.trim().split(/\s+/);
    const options = (command?.commands.find((candidate) => candidate.name() === first) ?? command)?.options.map(({ long }) => long);
    for (const [option] of rest.matchAll(/--[a-z][a-z-]*/g)) t.true(options?.includes(option), `${script} ${option}`);
  }
});

test.serial('an edited section is refused by name', async (t) => {
  const [file = ''] = readdirSync(migrations()).filter((name) => name.includes('1_expand'));
  const path = join(migrations(), file);
  const text = readFileSync(path, 'utf8');
  const at = text.lastIndexOf('DROP COLUMN');
  writeFileSync(path, `${text.slice(0, at)}-- edited\n${text.slice(at)}`);
  assertRefused(t, await stage.workplace.run(['migrate', 'up']), { code: 'migration_file_edited', says: /_3_documents/ });
  writeFileSync(path, text);
});

// The embedded database has one session only.
const testOnServer = process.env.TEST_DATABASE_URL ? test : undefined;

testOnServer?.serial('up and down of a group never hold a lock of one table while they wait for another', async (t) => {
  const own = await createStage();
  t.teardown(() => own.close());
  const tables = ['locked_1', 'locked_2', 'locked_3'].map((schema) => `${schema}.documents`);
  for (const table of tables) {
    await own.db.pool.query(`CREATE SCHEMA ${table.split('.')[0]}`);
    await createDocuments(own.db.pool, 5, { table, index: false });
  }
  const created = await own.workplace.run(['migrate', 'create', '--tables', 'locked_*.documents', '--text', 'content', ...MODELS]);
  t.is(created.code, 0, created.stderr);
  for (const direction of ['up', 'down'] as const) {
    const holders = new Map<string, pg.Client>();
    for (const table of tables) holders.set(table, await holdTable(t, own.db.url, table));
    const done = own[direction](1);
    done.catch(() => {});
    // Each table is let go when the command waits for it; at that moment it may hold nothing of the others.
    for (const giveUpAt = Date.now() + 30_000; holders.size > 0 && Date.now() < giveUpAt; await sleep(5)) {
      const { wanted, held } = await locksOfTables(own.db.pool);
      t.deepEqual(
        wanted.length > 0 ? held.filter((table) => !wanted.includes(table)) : [],
        [],
        `${direction}: waits for ${wanted}, holds ${held}`,
      );
      t.true(held.length <= 1, `${direction}: ${held} are locked at the same time`);
      for (const table of wanted) {
        await holders.get(table)?.end();
        holders.delete(table);
      }
    }
    t.deepEqual([...holders.keys()], [], `${direction} never waited for these`);
    await done;
  }
});

const HOLDER = 'holder of a table';

/** A session that reads a table in an open transaction, so that no DDL gets its lock. */
async function holdTable(t: ExecutionContext, url: string, table: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: HOLDER });
  t.teardown(() => client.end().catch(() => {}));
  client.on('error', () => {});
  await client.connect();
  await client.query(`BEGIN; LOCK TABLE ${table} IN ACCESS SHARE MODE`);
  return client;
}

/** The tables that another session has locked or waits for, in any mode. */
async function locksOfTables(pool: pg.Pool): Promise<{ wanted: string[]; held: string[] }> {
  const { rows } = await pool.query<{ table: string; granted: boolean }>(
    `SELECT l.relation::regclass::text AS table, l.granted FROM pg_locks AS l JOIN pg_stat_activity AS s USING (pid)
      WHERE l.locktype = 'relation' AND s.datname = current_database() AND s.backend_type = 'client backend' AND s.application_name <> $1
        AND l.relation::regclass::text LIKE 'locked\\_%.documents'`,
    [HOLDER],
  );
  const those = (isGranted: boolean) => [...new Set(rows.filter(({ granted }) => granted === isGranted).map((row) => row.table))];
  return { wanted: those(false), held: those(true) };
}
