import test from 'ava';
import type pg from 'pg';
import type { FittedMap } from '../src/bridge/fit-map.ts';
import { figuresOf, judgedColumns, storeBridge } from '../src/bridge/stored-bridge.ts';
import { CALIBRATION, MAP, storeMap } from './harness/bridge.ts';
import { until } from './harness/campaign.ts';
import { createDocuments, NEW_DIMENSIONS, OLD_DIMENSIONS } from './harness/documents.ts';
import { createStage } from './harness/stage.ts';

// The embedded database has one session.
const onServer = process.env.TEST_DATABASE_URL ? test : test.skip;

const FITTED: FittedMap = {
  method: 'procrustes',
  regularisation: null,
  map: { rows: OLD_DIMENSIONS, columns: NEW_DIMENSIONS, values: MAP },
  fittedRows: 100,
  heldOutRows: 15,
  known: 15,
  kept: 15,
  chance: 0.1,
  ...CALIBRATION,
  tried: [],
};

onServer('of two fits at once the later one counts, views over the search go on, and after contract no map is stored', async (t) => {
  const stage = await createStage();
  t.teardown(stage.close);
  const { pool } = stage.db;
  await createDocuments(pool, 40);
  const campaign = await stage.draft({ table: 'documents', storage: 'side-table' });
  await stage.bring(campaign, 'backfill');
  const figures = { ...(await figuresOf(pool, campaign, FITTED)), ...judgedColumns(undefined) };

  const first = await pool.connect();
  await first.query('BEGIN');
  await storeMap(first as unknown as pg.Pool, campaign);
  const second = storeBridge(stage.database, figures, FITTED);
  await until(
    async () =>
      (await pool.query("SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")).rowCount === 1,
    'the second fit waits for the first one',
  );
  await first.query('COMMIT');
  first.release();
  await t.notThrowsAsync(second);
  const stored = async () => (await pool.query('SELECT fitted_rows, fitted_at FROM reembed.bridge')).rows;
  const [before] = await stored();
  t.is(before?.fitted_rows, 100);

  const ones = (dimensions: number) => `array_fill(1, ARRAY[${dimensions}])::vector`;
  await pool.query(`CREATE VIEW found AS SELECT * FROM reembed_live.bridge_documents(${ones(OLD_DIMENSIONS)}, ${ones(NEW_DIMENSIONS)})`);
  t.true(await storeBridge(stage.database, figures, FITTED));
  t.is((await pool.query('SELECT FROM found')).rowCount, 10);
  t.is(
    (await pool.query("SELECT FROM pg_proc WHERE proname LIKE 'bridge\\_documents%'")).rowCount,
    1,
    'the view is over the function that searches now',
  );
  t.notDeepEqual((await stored())[0]?.fitted_at, before?.fitted_at, 'by which clients know that it is another map');
  await pool.query('DROP VIEW found');

  await stage.bring(campaign, 'contract');
  await t.throwsAsync(storeBridge(stage.database, figures, FITTED), { message: /reached contract/ });
  t.deepEqual(await stored(), []);
});
