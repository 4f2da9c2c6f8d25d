import { randomBytes } from 'node:crypto';
import anyTest from 'ava';
import { PG_MIGRATE_LOCK_ID } from 'node-pg-migrate';
import pg from 'pg';
import { readConfig } from '../src/config.ts';
import { openDatabase } from '../src/database/connection.ts';
import { runCheck } from '../src/doctor/check.ts';
import { oldTransactions } from '../src/doctor/hold-ups.ts';
import { diagnose } from './harness/doctor.ts';
import { createDocuments } from './harness/documents.ts';
import { createBareStage, type Stage } from './harness/stage.ts';

// Roles, several sessions and the server's own settings: the embedded database has none of them.
const test = process.env.TEST_DATABASE_URL ? anyTest.serial : anyTest.serial.skip;

let stage: Stage;
const role = `reembed_test_${randomBytes(4).toString('hex')}`;

anyTest.before(async () => {
  if (!process.env.TEST_DATABASE_URL) return;
  stage = await createBareStage();
  await stage.db.pool.query(`CREATE ROLE ${role} LOGIN PASSWORD 'test'`);
  await createDocuments(stage.db.pool, 30);
});
anyTest.after.always(async () => {
  if (!stage) return;
  await stage.db.pool.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
  await stage.close();
});

/** Runs the doctor with the rights of the role. */
async function diagnoseAsRole() {
  const url = new URL(stage.db.url);
  url.username = role;
  url.password = 'test';
  const database = await openDatabase(readConfig({ DATABASE_URL: url.href }));
  try {
    return await diagnose({ database: { ...database, directory: stage.database.directory } });
  } finally {
    await database.close();
  }
}

/** A session of somebody else's. */
async function openSession(work: (client: pg.Client, pid: number) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: stage.db.url, application_name: 'nightly report' });
  await client.connect();
  try {
    const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    await work(client, rows[0]?.pid ?? 0);
  } finally {
    await client.end();
  }
}

/** Applies a setting to the database for as long as `work` takes. */
async function withSetting(setting: string, reset: string, work: () => Promise<void>): Promise<void> {
  const { rows } = await stage.db.pool.query<{ name: string }>('SELECT quote_ident(current_database()) AS name');
  const alter = `ALTER DATABASE ${rows[0]?.name}`;
  await stage.db.pool.query(`${alter} ${setting}`);
  try {
    await work();
  } finally {
    await stage.db.pool.query(`${alter} ${reset}`);
  }
}

test('doctor says that pgvector is there but not created, and how to create it', async (t) => {
  await stage.db.pool.query('CREATE SCHEMA aside; ALTER TABLE documents SET SCHEMA aside; DROP EXTENSION vector CASCADE');
  const { errors, of } = await diagnose(stage);
  t.deepEqual(errors, ['pgvector']);
  t.regex(of('pgvector')[0]?.finding ?? '', /^pgvector \S+ is on the server, but not in this database$/);
  t.is((await diagnoseAsRole()).of('pgvector')[0]?.remedy, 'as a superuser: CREATE EXTENSION vector');
  await stage.db.pool.query(of('pgvector')[0]?.remedy ?? '');
  t.not((await diagnose(stage)).of('pgvector')[0]?.level, 'error');
  await stage.db.pool.query('DROP SCHEMA aside CASCADE');
  await createDocuments(stage.db.pool, 30);
});

test('doctor says that a role may not install, and what to grant', async (t) => {
  const before = await diagnoseAsRole();
  t.regex(before.of('right to install')[0]?.finding ?? '', /may not create schema reembed, reembed_queue$/);
  await stage.db.pool.query(before.of('right to install')[0]?.remedy ?? '');
  t.is((await diagnoseAsRole()).of('right to install')[0]?.level, 'ok');
  await stage.db.pool.query(`DROP OWNED BY ${role}`);
});

test('doctor with few rights says what it could not see and lists the rights a worker needs, which then suffice', async (t) => {
  const campaign = await stage.createUsual();
  await stage.bring(campaign, 'backfill');
  const without = await diagnoseAsRole();
  t.regex(without.of('tables')[0]?.finding ?? '', /^could not check: permission denied/);

  t.is(without.of('worker rights')[0]?.level, 'error');
  await stage.db.pool.query((without.of('worker rights')[0]?.remedy ?? '').replace(/^as the owner of schema reembed: /, ''));
  const granted = await diagnoseAsRole();
  t.is(granted.of('ownership')[0]?.level, 'warn');
  t.is(granted.of('worker rights')[0]?.level, 'ok');
  t.deepEqual(
    granted.findings.filter(({ finding, level }) => level === 'error' || finding.startsWith('could not check:')),
    [],
  );

  const url = new URL(stage.db.url);
  url.username = role;
  url.password = 'test';
  const worker = await stage.workplace.run(['worker', '--drain'], { DATABASE_URL: url.href });
  t.is(worker.code, 0, worker.stderr);
  const { rows } = await stage.db.pool.query<{ open: number }>(
    `SELECT count(*)::integer AS open FROM reembed.batch WHERE state = 'pending'`,
  );
  t.is(rows[0]?.open, 0);
});

test('doctor says when policies hide rows even from the owner, with whose rights a worker reads', async (t) => {
  const { pool } = stage.db;
  await pool.query(
    `CREATE TABLE forced (id bigint PRIMARY KEY, content text, embedding vector(16)); INSERT INTO forced VALUES (1, 'a row')`,
  );
  await stage.bring(await stage.createUsual('forced'), 'expand');
  await pool.query('ALTER TABLE forced ENABLE ROW LEVEL SECURITY');
  t.is((await diagnose(stage)).of('row level security')[0]?.level, 'ok');
  await pool.query(
    `GRANT CREATE ON SCHEMA public TO ${role}; ALTER TABLE forced OWNER TO ${role}; ALTER TABLE forced FORCE ROW LEVEL SECURITY`,
  );
  t.is((await diagnose(stage)).of('row level security')[0]?.level, 'error');
  await pool.query(`ALTER ROLE ${role} BYPASSRLS`);
  t.is((await diagnose(stage)).of('row level security')[0]?.level, 'ok');
  await pool.query(`ALTER TABLE forced OWNER TO current_user; REVOKE CREATE ON SCHEMA public FROM ${role}; ALTER ROLE ${role} NOBYPASSRLS`);
});

test('doctor names the session that holds a lock on a registered table, and is not held up by it', async (t) => {
  await openSession(async (client, pid) => {
    await client.query('BEGIN; LOCK TABLE documents IN ACCESS EXCLUSIVE MODE');
    const { of } = await diagnose(stage);
    t.regex(of('locks')[0]?.finding ?? '', new RegExp(`AccessExclusiveLock on .*documents: process ${pid} \\(nightly report, postgres`));
    t.regex(of('locks')[0]?.remedy ?? '', new RegExp(`pg_terminate_backend\\(${pid}\\)`));
  });
  t.is((await diagnose(stage)).of('locks')[0]?.level, 'ok');
});

test('doctor names transactions that have been open for long', async (t) => {
  const situation = { config: readConfig({}), url: stage.db.url, embedded: false, role: 'postgres', installed: true };
  await openSession(async (client, pid) => {
    await client.query('BEGIN; SELECT pg_current_xact_id()');
    t.is((await runCheck(oldTransactions(), stage.database, situation))[0]?.level, 'ok');
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const [found] = await runCheck(oldTransactions(1), stage.database, situation);
    t.is(found?.level, 'warn');
    t.regex(found?.finding ?? '', new RegExp(`process ${pid} \\(nightly report, postgres, 127.0.0.1, idle in transaction, 1 s\\)`));
  });
});

test('doctor says that sessions of others are hidden from a role', async (t) => {
  await openSession(async () => {
    t.regex((await diagnoseAsRole()).of('old transactions')[0]?.remedy ?? '', /^GRANT pg_read_all_stats TO/);
  });
});

test('doctor says that a migration is running', async (t) => {
  await openSession(async (client, pid) => {
    await client.query('SELECT pg_advisory_lock($1)', [String(PG_MIGRATE_LOCK_ID)]);
    t.regex((await diagnose(stage)).of('migration runner')[0]?.finding ?? '', new RegExp(`a migration is running: process ${pid} `));
  });
  t.is((await diagnose(stage)).of('migration runner')[0]?.level, 'ok');
});

test('doctor finds a replication slot that nobody uses', async (t) => {
  await stage.db.pool.query('SELECT pg_create_physical_replication_slot($1, true)', [role]);
  const { of } = await diagnose(stage);
  await stage.db.pool.query('SELECT pg_drop_replication_slot($1)', [role]);
  t.regex(of('replication slots')[0]?.finding ?? '', new RegExp(`${role} \\(not in use, keeps .+ of WAL\\)`));
});

test('doctor warns that a published table gets no DDL on its subscribers', async (t) => {
  await stage.db.pool.query('CREATE PUBLICATION outbound FOR TABLE documents');
  const { of } = await diagnose(stage);
  await stage.db.pool.query('DROP PUBLICATION outbound');
  t.regex(of('logical replication')[0]?.finding ?? '', /public\.documents \(outbound\)/);
});

test('doctor finds database settings that break the toolkit', async (t) => {
  await withSetting('SET session_replication_role = replica', 'RESET session_replication_role', async () => {
    t.is((await diagnose(stage)).of('session_replication_role')[0]?.level, 'warn');
    t.true((await diagnoseAsNewSession()).errors.includes('session_replication_role'));
  });
  await withSetting('SET default_transaction_read_only = on', 'RESET default_transaction_read_only', async () => {
    t.true((await diagnoseAsNewSession()).errors.includes('writable'));
  });
  await withSetting('CONNECTION LIMIT 15', 'CONNECTION LIMIT -1', async () => {
    t.regex(
      (await diagnose(stage)).of('connections')[0]?.finding ?? '',
      /^only \d+ of 15 connections are free \(the connection limit of the database\)/,
    );
  });
});

async function diagnoseAsNewSession() {
  const database = await openDatabase(readConfig({ DATABASE_URL: stage.db.url }));
  try {
    return await diagnose({ database: { ...database, directory: stage.database.directory } });
  } finally {
    await database.close();
  }
}
