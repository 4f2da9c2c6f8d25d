import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { createDocuments } from './harness/documents.ts';
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
