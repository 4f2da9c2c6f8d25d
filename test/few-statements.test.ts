import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { startCampaign, until } from './harness/campaign.ts';
import { exitOf } from './harness/command.ts';
import { wrongRows } from './harness/documents.ts';
import { createWorkerRole } from './harness/roles.ts';
import { createStage } from './harness/stage.ts';

// Statements are counted by pg_stat_statements, which .ci/postgres loads; the embedded database has none.
const onServer = process.env.TEST_DATABASE_URL ? test : test.skip;
const MOST = 10;
const CHANGES = 10;

onServer('from a changed row to both its vectors a worker sends at most ten statements', async (t) => {
  const stage = await createStage();
  t.teardown(stage.close);
  const { pool } = stage.db;
  await startCampaign(stage, 'documents', { rows: 100 });
  await stage.work();
  await pool.query('CREATE EXTENSION pg_stat_statements SCHEMA public');
  const role = await createWorkerRole(t, stage.db);
  const worker = stage.workplace.start(['worker'], { DATABASE_URL: role.url });
  worker.stdout?.resume();
  worker.stderr?.resume();
  const change = async (id: number) => {
    await pool.query('UPDATE documents SET content = $2 WHERE id = $1', [id, `changed ${id}`]);
    await until(async () => (await pool.query('SELECT FROM reembed.change')).rowCount === 0, 'both vectors', 20);
  };
  /** How often each statement was sent while something was done. */
  const sentDuring = async (action: () => Promise<unknown>): Promise<Map<string, number>> => {
    await pool.query('SELECT public.pg_stat_statements_reset()');
    await action();
    const { rows } = await pool.query<{ query: string; calls: number }>(
      `SELECT query, calls::integer FROM public.pg_stat_statements
        WHERE toplevel AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND userid = $1::regrole`,
      [role.name],
    );
    return new Map(rows.map(({ query, calls }) => [query, calls]));
  };
  let changed = 0;
  /** Statements for a row, without what a worker sends all the while, such as pg-boss asking for jobs. */
  const measure = async () => {
    const begun = Date.now();
    const busy = await sentDuring(async () => {
      for (let i = 0; i < CHANGES; i++) await change(++changed);
    });
    const took = Date.now() - begun;
    const idle = await sentDuring(() => sleep(took));
    return [...busy]
      .map(([query, calls]) => ({ query, calls: (calls - (idle.get(query) ?? 0)) / CHANGES }))
      .filter(({ calls }) => calls >= 0.5);
  };
  const countOf = (statements: { calls: number }[]) => statements.reduce((sum, { calls }) => sum + calls, 0);
  // What is asked once a start is not a matter of rows; and once a minute a worker checks everything.
  const rounds = [await measure(), await measure(), await measure()];
  worker.kill('SIGTERM');
  await exitOf(worker);
  const fewest = rounds.toSorted((one, other) => countOf(one) - countOf(other))[0] ?? [];
  for (const { query, calls } of fewest) t.log(`${calls.toFixed(1)} × ${query.replace(/\s+/g, ' ').slice(0, 110)}`);
  const count = countOf(fewest);
  t.deepEqual(await wrongRows(pool, { oldColumn: 'embedding', newColumn: 'embedding_v2' }), []);
  t.log(`${count} for a row`);
  t.true(count >= 1);
  t.true(count <= MOST, `${count} statements`);
});
