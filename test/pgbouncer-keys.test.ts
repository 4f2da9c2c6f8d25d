import { randomBytes } from 'node:crypto';
import anyTest from 'ava';
import pg from 'pg';
import { inTransaction } from '../src/database/connection.ts';
import { changeLog } from './harness/catalog.ts';
import { OLD_DIMENSIONS, OLD_MODEL, textOf, vectorText, wrongRows } from './harness/documents.ts';
import { type PgBouncer, startPgBouncer } from './harness/pgbouncer.ts';
import { vectorOf } from './harness/provider.ts';
import { createStage, type Stage } from './harness/stage.ts';

// Needs a server, and a command that puts PgBouncer in front of it; see test/harness/pgbouncer.ts.
const command = process.env.TEST_DATABASE_URL ? process.env.TEST_PGBOUNCER : undefined;
const test = command ? anyTest.serial : anyTest.serial.skip;

const role = `reembed_test_${randomBytes(4).toString('hex')}`;
let stage: Stage;
let bouncer: PgBouncer;

anyTest.before(async () => {
  if (!command) return;
  [stage, bouncer] = await Promise.all([createStage(), startPgBouncer(command)]);
  await stage.db.pool.query(`CREATE ROLE ${role} LOGIN PASSWORD 'test'`);
});
anyTest.after.always(async () => {
  await bouncer?.close();
  if (!stage) return;
  await stage.db.pool.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
  await stage.close();
});

test('keys look the same to a worker whose role has odd settings, and so do times', async (t) => {
  const { pool } = stage.db;
  await pool.query(
    `CREATE TABLE odd_keys (at timestamptz, code bytea, span interval, ratio float8, content text, embedding vector(${OLD_DIMENSIONS}),
       PRIMARY KEY (at, code, span, ratio))`,
  );
  const numbers = Array.from({ length: 120 }, (_, i) => i + 1);
  await pool.query(
    `INSERT INTO odd_keys
     SELECT timestamptz '2024-03-31 00:30:00.123456+00' + g.i * interval '7 minutes', decode(md5(g.i::text), 'hex'), g.i * interval '1 month 2 days 03:04:05.6',
            g.i / 3.0::float8, g.content, g.embedding
       FROM unnest($1::int[], $2::text[], $3::vector[]) AS g(i, content, embedding)`,
    [numbers, numbers.map(textOf), numbers.map((i) => vectorText(vectorOf(OLD_MODEL, textOf(i), OLD_DIMENSIONS)))],
  );
  const odd = await stage.draft({ table: 'odd_keys', batchRows: 20 });
  await stage.bring(odd, 'backfill');
  await pool.query('SELECT reembed.grant_worker($1)', [role]);
  await pool.query(`GRANT SELECT, UPDATE ON odd_keys TO ${role}`);
  const settings = {
    timezone: 'Asia/Kathmandu',
    datestyle: 'German, DMY',
    intervalstyle: 'sql_standard',
    bytea_output: 'escape',
    extra_float_digits: '-10',
    statement_timeout: '1500ms',
  };
  const database = new URL(stage.db.url).pathname.slice(1);
  for (const [name, value] of Object.entries(settings))
    await pool.query(`ALTER ROLE ${role} IN DATABASE ${database} SET ${name} = '${value}'`);
  const asRole = Object.assign(new URL(bouncer.pooled(stage.db.url)), { username: role, password: 'test' }).href;
  const asWorker = { DATABASE_URL: asRole };
  const application = new pg.Pool({ connectionString: asRole, max: 3 });
  t.teardown(() => application.end());
  t.regex((await application.query('SELECT max(at)::text AS at FROM odd_keys')).rows[0].at, /^\d\d\.\d\d\.2024/);
  const inOurs = await inTransaction(
    application,
    async (client) => (await client.query('SELECT max(at)::text AS at FROM public.odd_keys')).rows[0].at,
  );
  t.regex(inOurs, /^2024-.*\+00$/);

  const wrong = () =>
    wrongRows(pool, {
      table: '(SELECT row(at, code, span, ratio) AS id, content, embedding, embedding_v2 FROM odd_keys) AS odd_keys',
      oldColumn: 'embedding',
      newColumn: 'embedding_v2',
    });
  const worker = await stage.workplace.run(['worker', '--drain'], asWorker);
  t.is(worker.code, 0, worker.stderr);
  t.deepEqual(await wrong(), []);

  // Changes that sessions of both kinds make, and rows that only the search of the table finds.
  await application.query("UPDATE odd_keys SET content = 'changed by the odd role ' || content WHERE ratio < 5");
  await pool.query("UPDATE odd_keys SET content = 'changed by another ' || content WHERE ratio BETWEEN 3 AND 12");
  await pool.query('UPDATE odd_keys SET embedding_v2 = NULL WHERE ratio BETWEEN 15 AND 17; UPDATE reembed.campaign SET swept_at = NULL');
  await pool.query(`DELETE FROM ${await changeLog(pool, 'public.odd_keys.embedding')} WHERE key_4 BETWEEN 15 AND 17`);
  const changes = await pool.query('SELECT count(DISTINCT key)::int AS changes FROM reembed.change');
  t.is(changes.rows[0].changes, 36, 'one key a row, whoever captures it');
  const again = await stage.workplace.run(['worker', '--drain'], asWorker);
  t.is(again.code, 0, again.stderr);
  t.deepEqual(await wrong(), []);

  await stage.bring(odd, 'index');
  const validated = await stage.workplace.run(['validate', '--sample', '20', '-k', '5', '--json']);
  t.is(validated.code, 5, validated.stderr);
  const status = await stage.workplace.run(['status', '--json'], asWorker);
  const { campaigns } = JSON.parse(status.stdout) as {
    campaigns: { phase_entered_at: string; validation: { finished_at: string } | null }[];
  };
  for (const time of [campaigns[0]?.phase_entered_at, campaigns[0]?.validation?.finished_at]) {
    t.true(Math.abs(Date.now() - Date.parse(time ?? '')) < 60_000, `${time}`);
  }
});
