import test from 'ava';
import { createDocuments, wrongRows } from './harness/documents.ts';
import { createStage } from './harness/stage.ts';

test('a database whose search_path is empty goes forward, back and forward', async (t) => {
  const stage = await createStage();
  t.teardown(stage.close);
  const { pool } = stage.db;
  await createDocuments(pool, 20);
  await pool.query(`DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = ''''', current_database()); END $$`);
  // With an expression, because its function has the path of the application.
  const campaign = await stage.draft({ table: 'public.documents', textSql: "content || ''" });
  await stage.bring(campaign, 'contract');
  await stage.bring(campaign, 'backfill');
  await stage.bring(campaign, 'switch');
  await pool.query("UPDATE public.documents SET content = 'changed ' || id WHERE id < 4");
  await stage.work();
  t.deepEqual(await wrongRows(pool, { table: 'public.documents', oldColumn: 'embedding', newColumn: 'embedding_v2' }), []);
  t.deepEqual((await pool.query('SELECT application_path FROM reembed.target')).rows, [{ application_path: 'pg_catalog' }]);
});
