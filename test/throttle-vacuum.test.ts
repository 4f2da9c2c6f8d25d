import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { createThrottle } from '../src/throttle/throttle.ts';
import { removeCampaigns, startCampaign, until } from './harness/campaign.ts';
import { createStage, type Stage } from './harness/stage.ts';
import { connect, databaseWith, signalsOf, throttlingReasons, writtenRows } from './harness/throttle.ts';

// A backfill leaves dead row versions. Vacuum removes them, except those that an old snapshot may still see.
const ROWS = 300;

let stage: Stage;

test.before(async () => {
  stage = await createStage();
});
test.afterEach.always(() => removeCampaigns(stage));
test.after.always(() => stage?.close());

// Signs of trouble come from other sessions: the embedded database has only one.
const testOnServer = process.env.TEST_DATABASE_URL ? test : undefined;

const sql = (text: string) => stage.db.pool.query(text);

/** A VACUUM of a table that lasts until it is stopped. */
async function startVacuum(table: string): Promise<() => Promise<void>> {
  await sql(`UPDATE ${table} SET embedding = embedding`);
  const vacuum = await connect(stage);
  await vacuum.query(
    'SET vacuum_cost_delay = 100; SET vacuum_cost_limit = 1; SET vacuum_cost_page_dirty = 1; SET vacuum_cost_page_miss = 1; SET vacuum_cost_page_hit = 1',
  );
  const vacuuming = vacuum.query(`VACUUM ${table}`).catch(() => {});
  await until(
    async () => (await sql('SELECT FROM pg_stat_progress_vacuum WHERE datname = current_database()')).rowCount === 1,
    'the vacuum',
  );
  return async () => {
    await sql(`SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query = 'VACUUM ${table}'`);
    await vacuuming;
    await vacuum.end();
  };
}

testOnServer?.serial('a VACUUM of the table slows the backfill only where yields_to_vacuum is on', async (t) => {
  const { target } = await startCampaign(stage, 'vacuumed', { rows: 3000 });
  const stop = await startVacuum('vacuumed');
  t.false((await signalsOf(stage, target)).some((reason) => /vacuum/.test(reason)));
  await sql('UPDATE reembed.setting SET yields_to_vacuum = true');
  t.true((await signalsOf(stage, target)).includes('the table is being vacuumed (yields_to_vacuum)'));
  await sleep(2000);
  const { rows } = await sql("SELECT pid, reembed.old_snapshot('1 second') AS old FROM pg_stat_activity WHERE query = 'VACUUM vacuumed'");
  t.is(rows.length, 1);
  t.notRegex(rows[0].old ?? '', new RegExp(`process ${rows[0].pid} `), 'a vacuum is no old snapshot');
  await stop();
});

testOnServer?.serial('a vacuum that prevents wraparound slows the backfill by default', async (t) => {
  const { target } = await startCampaign(stage, 'ancient', { rows: 3000 });
  await sql('ALTER TABLE ancient SET (autovacuum_freeze_max_age = 100000, autovacuum_enabled = off)');
  t.is((await sql("SELECT reembed.prevents_wraparound('ancient') AS it")).rows[0].it, false);
  // Every block with an exception handler uses up a transaction id.
  await sql(`CREATE TABLE used_up (n integer);
    DO $$ BEGIN FOR i IN 1..100100 LOOP BEGIN INSERT INTO used_up VALUES (i); EXCEPTION WHEN division_by_zero THEN END; END LOOP; END $$;
    DROP TABLE used_up`);
  t.is((await sql("SELECT reembed.prevents_wraparound('ancient') AS it")).rows[0].it, true);
  const stop = await startVacuum('ancient');
  t.true((await signalsOf(stage, target)).includes('the table is being vacuumed to prevent wraparound'));
  await stop();
});

const VACUUM = { signal: 'vacuum', effect: 'slows', reason: 'a vacuum' };

test('beside a vacuum that is yielded to a worker writes a quarter of the time', async (t) => {
  const throttle = createThrottle(databaseWith([VACUUM]), 'a target', () => {}, undefined);
  await throttle.pass();
  t.is(throttle.share, 0.25);
});

test('the first 200 ms of writing cost no wait, later ones their multiple', async (t) => {
  const throttle = createThrottle(databaseWith([VACUUM]), 'a target', () => {}, undefined);
  await throttle.pass();
  const waitAfter = async (milliseconds: number) => {
    throttle.wrote(milliseconds);
    const startedAt = performance.now();
    await throttle.pass();
    return performance.now() - startedAt;
  };
  const first = await waitAfter(190);
  const second = await waitAfter(110);
  t.true(first < 200, `${first} ms`);
  t.true(second > 290, `${second} ms`);
});

testOnServer?.serial('an old snapshot holds the backfill of a column back until it ends', async (t) => {
  await startCampaign(stage, 'seen', { rows: ROWS });
  const holder = await connect(stage);
  t.teardown(() => holder.end());
  // The snapshot is called old from two to ten seconds: the answer of the provider arrives in that time, however slowly the worker starts.
  const { script } = stage.provider;
  stage.provider.script = async () => {
    stage.provider.script = script;
    await holder.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM seen');
    await sleep(2100);
    return undefined;
  };
  const running = stage.workplace.run(['worker', '--drain']);
  await until(
    async () => (await throttlingReasons(stage)).some((text) => /has been in a transaction since/.test(text)),
    'a worker that waits',
  );
  t.is(await writtenRows(stage, 'seen'), 0);
  await holder.query('COMMIT');
  const { code, stderr } = await running;
  t.is(code, 0, stderr);
  t.is(await writtenRows(stage, 'seen'), ROWS);
});

testOnServer?.serial('it does not hold back that of a side table, which undoes nothing', async (t) => {
  await startCampaign(stage, 'unseen', { rows: ROWS, request: { storage: 'side-table' } });
  const holder = await connect(stage);
  t.teardown(() => holder.end());
  await holder.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM unseen');
  await sleep(2100);
  const { code, stderr } = await stage.workplace.run(['worker', '--drain']);
  t.is(code, 0, stderr);
  t.notRegex(stderr, /has been in a transaction/);
});

test('snapshots that follow one another are waited for ten seconds, and again once there was none', async (t) => {
  const signal = { signal: 'old snapshot', effect: 'slows', reason: 'a snapshot' };
  const signals: unknown[] = [signal];
  const db = databaseWith(signals);
  const throttle = createThrottle(db, 'a target', () => {}, undefined);
  const passes = async () => {
    const startedAt = Date.now();
    await throttle.pass();
    return Date.now() - startedAt;
  };
  const first = await passes();
  t.true(first > 8000 && first < 15_000, `${first} ms`);
  await sleep(1100);
  t.true((await passes()) < 1000);
  signals.pop();
  await sleep(1100);
  await passes();
  signals.push(signal);
  await sleep(1100);
  const waiting = passes();
  await sleep(2500);
  signals.pop();
  t.true((await waiting) > 2000);
});
