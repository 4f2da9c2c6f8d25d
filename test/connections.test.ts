import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import pg from 'pg';
import { readConfig } from '../src/config.ts';
import { inTransaction, openDatabase } from '../src/database/connection.ts';
import { withSession } from '../src/database/session.ts';
import { inPlanningTransaction } from '../src/plan/planning-transaction.ts';
import { createDocuments, wrongRows } from './harness/documents.ts';
import { assertRefused } from './harness/refusal.ts';
import { createStage } from './harness/stage.ts';

const onServer = process.env.TEST_DATABASE_URL ? test.serial : test.serial.skip;

onServer('a worker keeps to its number of connections, and doctor believes it', async (t) => {
  const stage = await createStage();
  t.teardown(stage.close);
  const { pool } = stage.db;
  await createDocuments(pool, 300);
  await stage.draft({ table: 'documents', batchRows: 20 });
  await stage.up(2);
  const env = { REEMBED_CONNECTIONS: '8' };
  const working = stage.workplace.run(['worker', '--drain', '--concurrency', '12'], env);
  let most = 0;
  let isOver = false;
  working.finally(() => {
    isOver = true;
  });
  while (!isOver) {
    const { rows } = await pool.query<{ count: number }>(
      "SELECT count(*)::integer AS count FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'pg-reembed%'",
    );
    most = Math.max(most, rows[0]?.count ?? 0);
    await sleep(20);
  }
  const { code, stderr } = await working;
  t.is(code, 0, stderr);
  t.true(most > 1 && most <= 8, `${most} connections`);

  await pool.query(`ALTER DATABASE ${new URL(stage.db.url).pathname.slice(1)} CONNECTION LIMIT 19`);
  const finding = async (more: Record<string, string>) => {
    const { stdout } = await stage.workplace.run(['doctor', '--json'], more);
    return stdout.split('\n').find((line) => /connections are free/.test(line)) ?? stdout;
  };
  t.regex(await finding({}), /only \d+ of 19 .+ a worker uses up to 16/);
  t.regex(await finding(env), /\d+ of 19 connections are free"/);
});

test('fewer connections than a worker needs are refused', async (t) => {
  const stage = await createStage();
  t.teardown(stage.close);
  const result = await stage.workplace.run(['status'], { REEMBED_CONNECTIONS: '4' });
  assertRefused(t, result, { code: 'usage', exit: 'usage', says: /REEMBED_CONNECTIONS must be at least 8/ });
});

onServer('whatever a role has set, a command reads times, numbers, intervals and bytes as they are', async (t) => {
  const stage = await createStage();
  t.teardown(stage.close);
  const { pool, url, env } = stage.db;
  await createDocuments(pool, 60);
  await stage.draft({ table: 'documents' });
  await stage.up(2);
  const settings = {
    timezone: 'Asia/Kathmandu',
    datestyle: 'German, DMY',
    intervalstyle: 'sql_standard',
    bytea_output: 'escape',
    extra_float_digits: '-10',
  };
  for (const [name, value] of Object.entries(settings))
    await pool.query(`ALTER DATABASE ${pg.escapeIdentifier(new URL(url).pathname.slice(1))} SET ${name} = '${value}'`);

  const database = await openDatabase(readConfig(env));
  t.teardown(database.close);
  const { rows } = await database.pool.query(
    "SELECT 123456789.25::float8 AS number, timestamptz '2026-02-01 10:00:00.5+00' AS time, '\\x00ff'::bytea AS bytes, interval '1 day 2 hours' AS span",
  );
  t.is(rows[0].number, 123456789.25);
  t.is(rows[0].time.toISOString(), '2026-02-01T10:00:00.500Z');
  t.deepEqual([...rows[0].bytes], [0, 255]);
  t.is(rows[0].span.hours, 2);

  // A worker compares the time of the server with its own.
  const worker = await stage.workplace.run(['worker', '--drain']);
  t.is(worker.code, 0, worker.stderr);
  t.deepEqual(await wrongRows(stage.database.pool, { oldColumn: 'embedding', newColumn: 'embedding_v2' }), []);
  const { campaigns } = JSON.parse((await stage.workplace.run(['status', '--json'])).stdout) as {
    campaigns: { phase_entered_at: string }[];
  };
  t.true(Math.abs(Date.now() - Date.parse(campaigns[0]?.phase_entered_at ?? '')) < 120_000);
});

onServer(
  'where transactions are SERIALIZABLE by default, no transaction of the application fails because it depends on one of ours',
  async (t) => {
    const stage = await createStage();
    t.teardown(stage.close);
    const { pool, url, env } = stage.db;
    await pool.query(
      `ALTER DATABASE ${pg.escapeIdentifier(new URL(url).pathname.slice(1))} SET default_transaction_isolation = 'serializable'`,
    );
    const database = await openDatabase(readConfig(env));
    t.teardown(database.close);
    const isolation = "SELECT current_setting('transaction_isolation') AS isolation";
    t.deepEqual((await database.pool.query(isolation)).rows, [{ isolation: 'read committed' }]);
    // A pooler may have given the session to somebody else, who has reset it.
    await database.pool.query('RESET ALL');
    t.deepEqual((await inTransaction(database.pool, (client) => client.query(isolation))).rows, [{ isolation: 'read committed' }]);
    const session = await withSession(url, 'pg-reembed', (client) => client.query(isolation));
    t.deepEqual(session.rows, [{ isolation: 'read committed' }]);
  },
);

onServer('names are read without needless quotes, whatever the database has set', async (t) => {
  const stage = await createStage();
  t.teardown(stage.close);
  const { pool, url, env } = stage.db;
  await pool.query(`ALTER DATABASE ${pg.escapeIdentifier(new URL(url).pathname.slice(1))} SET quote_all_identifiers = on`);
  const database = await openDatabase(readConfig(env));
  t.teardown(database.close);
  const name = "SELECT 'pg_catalog.pg_class'::regclass::text AS name";
  t.deepEqual((await database.pool.query(name)).rows, [{ name: 'pg_class' }]);
  await database.pool.query('RESET ALL');
  t.deepEqual((await inTransaction(database.pool, (client) => client.query(name))).rows, [{ name: 'pg_class' }]);
  const session = await withSession(url, 'pg-reembed', (client) => client.query(name));
  t.deepEqual(session.rows, [{ name: 'pg_class' }]);
});

onServer(
  'a plan that waits for a provider longer than an idle transaction may last is not cut off, and a cut connection ends no process',
  async (t) => {
    const stage = await createStage();
    t.teardown(stage.close);
    const { pool, url, env } = stage.db;
    await pool.query(
      `ALTER DATABASE ${pg.escapeIdentifier(new URL(url).pathname.slice(1))} SET idle_in_transaction_session_timeout = '100ms'`,
    );
    const database = await openDatabase(readConfig(env));
    t.teardown(database.close);
    const waiting = async (client: pg.PoolClient) => {
      await sleep(400);
      return (await client.query('SELECT 1 AS one')).rows;
    };
    t.deepEqual(await inPlanningTransaction(database, waiting), [{ one: 1 }]);
    const cut = inPlanningTransaction(database, async (client) => {
      await client.query("SET LOCAL idle_in_transaction_session_timeout = '100ms'");
      return waiting(client);
    });
    await t.throwsAsync(cut);
  },
);
