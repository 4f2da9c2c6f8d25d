import test from 'ava';
import { storeMap } from './harness/bridge.ts';
import { createDocuments, NEW_DIMENSIONS, OLD_DIMENSIONS } from './harness/documents.ts';
import { createStage } from './harness/stage.ts';

test("a user's view over the search of a bridge holds up neither the switch, nor contract, nor the way back, nor another map", async (t) => {
  const stage = await createStage();
  t.teardown(stage.close);
  const { pool } = stage.db;
  await createDocuments(pool, 40);
  const campaign = await stage.draft({ table: 'documents', storage: 'side-table' });
  await stage.bring(campaign, 'backfill');
  await storeMap(pool, campaign);
  const ones = (dimensions: number) => `array_fill(1, ARRAY[${dimensions}])::vector`;
  await pool.query(`CREATE VIEW found AS SELECT * FROM reembed_live.bridge_documents(${ones(OLD_DIMENSIONS)}, ${ones(NEW_DIMENSIONS)})`);
  t.is((await pool.query('SELECT FROM found')).rowCount, 10);
  await stage.bring(campaign, 'contract');
  await t.throwsAsync(pool.query('SELECT FROM found'));
  await stage.bring(campaign, 'backfill');
  await storeMap(pool, campaign);
  const { rows } = await pool.query("SELECT proname FROM pg_proc WHERE proname LIKE 'bridge\\_documents%' ORDER BY 1");
  t.is(rows[0]?.proname, 'bridge_documents');
  t.regex(rows[1]?.proname, /^bridge_documents_until_/);
  await pool.query('DROP VIEW found');
  await stage.bring(campaign, 'contract');
});
