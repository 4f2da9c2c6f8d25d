import { setTimeout as sleep } from 'node:timers/promises';
import anyTest from 'ava';
import pg from 'pg';
import { until } from './harness/campaign.ts';
import { createDocuments } from './harness/documents.ts';
import { createStage } from './harness/stage.ts';

// The embedded database has one session.
const test = process.env.TEST_DATABASE_URL ? anyTest : anyTest.skip;

test('while the watch checks a table whose row level security was just enabled, searches do not wait for it', async (t) => {
  const stage = await createStage();
  t.teardown(stage.close);
  const { pool, url } = stage.db;
  await createDocuments(pool, 50);
  await stage.bring(await stage.draft({ table: 'documents', storage: 'side-table' }), 'index');
  await pool.query("SELECT reembed.watch('documents')");
  await pool.query('ALTER TABLE documents ENABLE ROW LEVEL SECURITY');
  const sessions = [0, 1, 2].map(() => new pg.Client({ connectionString: url }));
  await Promise.all(sessions.map((session) => session.connect()));
  const [blocker, watcher, reader] = sessions as [pg.Client, pg.Client, pg.Client];
  t.teardown(() => Promise.all(sessions.map((session) => session.end())));

  // As a check that takes long: the watch waits for this row in the midst of its work.
  await blocker.query('BEGIN; SELECT FROM reembed.watch_memory FOR UPDATE');
  const watching = watcher.query("SELECT reembed.watch('documents')");
  await until(
    async () =>
      (await pool.query("SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%reembed.watch(%'")).rowCount === 1,
    'the watch waits',
  );
  await sleep(200);
  await reader.query("SET statement_timeout = '2s'");
  const { rowCount } = await reader.query('SELECT id FROM documents_new_model LIMIT 5');
  t.is(rowCount, 5);
  await blocker.query('COMMIT');
  await watching;
  const { rows } = await pool.query(
    "SELECT c.relrowsecurity AS guarded FROM pg_class AS c JOIN reembed.vector_column AS v ON v.relation = c.oid WHERE v.storage = 'side_table'",
  );
  t.deepEqual(rows, [{ guarded: true }]);
});
