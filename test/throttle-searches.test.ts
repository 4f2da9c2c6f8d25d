import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import type { Queryable } from '../src/database/connection.ts';
import { createThrottle } from '../src/throttle/throttle.ts';
import { removeCampaigns, startCampaign, until } from './harness/campaign.ts';
import { createStage, type Stage } from './harness/stage.ts';
import { connect, signalsOf, throttlingReasons, writtenRows } from './harness/throttle.ts';

let stage: Stage;

test.before(async () => {
  stage = await createStage();
});
test.afterEach.always(() => removeCampaigns(stage));
test.after.always(() => stage?.close());

// Signs of trouble come from other sessions: the embedded database has only one.
const testOnServer = process.env.TEST_DATABASE_URL ? test : undefined;

const sql = (text: string) => stage.db.pool.query(text);

/** As if searches took a second beside writes, and a millisecond while workers rest, until that is changed. */
const slowSearches = (target: string) =>
  sql(
    `INSERT INTO reembed.read_probe (target, milliseconds, is_resting, at)
     SELECT '${target}', CASE WHEN i <= 20 THEN 1 ELSE 1000 END, i <= 20, now() + interval '30 minutes' - i * interval '1 second' FROM generate_series(1, 1000) AS i`,
  );

testOnServer?.serial('searches that have become slow make the backfill write less of the time, and it takes its time back', async (t) => {
  const campaign = await startCampaign(stage, 'searched', { rows: 600 });
  await sql('UPDATE reembed.setting SET max_read_slowdown = 1.5');
  await slowSearches(campaign.target);
  const startedAt = Date.now();
  const running = stage.workplace.run(['worker', '--drain']);
  await until(
    async () =>
      (await throttlingReasons(stage)).some((text) => /^searches take 1000.0 ms while workers write and 1.0 ms while they rest/.test(text)),
    'slow searches',
  );
  await until(async () => (await writtenRows(stage, 'searched')) > 0, 'some rows');
  await sleep(1500);
  t.true((await writtenRows(stage, 'searched')) < 600, 'it is slow');
  await sql('UPDATE reembed.read_probe SET milliseconds = 100000 WHERE is_resting');
  const { code, stderr } = await running;
  t.is(code, 0, stderr);
  t.is(await writtenRows(stage, 'searched'), 600);
  t.true((await campaign.ask<number>('SELECT count(*)::int FROM reembed.read_probe WHERE NOT is_resting')) > 1);
  t.log(`${Date.now() - startedAt} ms`);
});

testOnServer?.serial('what slow searches hold back is written in short pieces', async (t) => {
  const campaign = await startCampaign(stage, 'pieces', { rows: 400, request: { storage: 'side-table', batchRows: 400 } });
  const side = await campaign.ask<string>(
    `SELECT relation::text FROM reembed.vector_column WHERE target = '${campaign.target}' AND storage = 'side_table'`,
  );
  await sql(
    `CREATE FUNCTION slow_row() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.003); RETURN NEW; END $$;
     CREATE TRIGGER slow_row BEFORE INSERT ON ${side} FOR EACH ROW EXECUTE FUNCTION slow_row();
     UPDATE reembed.setting SET max_read_slowdown = 1.5`,
  );
  await slowSearches(campaign.target);
  const running = stage.workplace.run(['worker', '--drain']);
  // Left alone a piece takes a tenth of a second: 30 rows.
  await until(async () => {
    const pieces = await sql(`SELECT count(*)::int AS rows FROM ${side} GROUP BY xmin ORDER BY max(xmin::text::bigint) DESC LIMIT 3`);
    return pieces.rows.length === 3 && pieces.rows.every(({ rows }) => rows <= 15);
  }, 'three short pieces in a row');
  t.true((await campaign.ask<number>(`SELECT count(*)::int FROM ${side}`)) < 400, 'they are not the end of it');
  await sql('UPDATE reembed.read_probe SET milliseconds = 100000 WHERE is_resting');
  const { code, stderr } = await running;
  t.is(code, 0, stderr);
  t.is(await campaign.ask(`SELECT count(*)::int FROM ${side}`), 400);
});

testOnServer?.serial('searches that are as slow while workers rest have another cause', async (t) => {
  const { target } = await startCampaign(stage, 'slow_anyway', { rows: 10 });
  await sql(
    `INSERT INTO reembed.read_probe (target, milliseconds, is_resting) SELECT '${target}', 1000 + i, i % 2 = 0 FROM generate_series(1, 100) AS i`,
  );
  const slow = async () => (await signalsOf(stage, target)).filter((reason) => reason.startsWith('searches take'));
  t.deepEqual(await slow(), []);
  await sql(`UPDATE reembed.read_probe SET milliseconds = 500 WHERE target = '${target}' AND is_resting`);
  t.is((await slow()).length, 1);
});

test.serial('one slow search among ten is no sign of slow searches, and three are', async (t) => {
  const { target } = await startCampaign(stage, 'one_slow', { rows: 10 });
  await sql(
    `INSERT INTO reembed.read_probe (target, milliseconds, is_resting) SELECT '${target}', CASE WHEN i = 1 THEN 100 ELSE 5 END, i > 10 FROM generate_series(1, 50) AS i`,
  );
  const isSlow = async () => (await signalsOf(stage, target)).some((reason) => reason.startsWith('searches take'));
  t.false(await isSlow());
  await sql(
    `UPDATE reembed.read_probe SET milliseconds = 100 WHERE id IN (SELECT id FROM reembed.read_probe WHERE target = '${target}' AND NOT is_resting ORDER BY id LIMIT 3)`,
  );
  t.true(await isSlow());
});

test.serial('each probe follows a search that is not timed, so that those between two rests find the caches as warm', async (t) => {
  const { target } = await startCampaign(stage, 'warm', { rows: 10 });
  const client = await connect(stage);
  await client.query("BEGIN; SET LOCAL track_functions = 'all'");
  const searches = "SELECT coalesce(sum(calls), 0)::integer AS calls FROM pg_stat_xact_user_functions WHERE funcname LIKE 'nearest_old_%'";
  await client.query('SELECT reembed.probe_read($1, false)', [target]);
  t.is((await client.query(searches)).rows[0].calls, 2);
  await client.query('ROLLBACK');
  await client.end();
});

testOnServer?.serial('while workers rest no portion is written, and searches are timed', async (t) => {
  const campaign = await startCampaign(stage, 'rested', { rows: 700 });
  // However slow searches are on a busy machine, only rests hold the backfill back.
  await sql(`UPDATE reembed.setting SET max_read_slowdown = 1e6;
    CREATE TABLE stored (at timestamptz NOT NULL);
    CREATE FUNCTION note_store() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.012); INSERT INTO stored VALUES (clock_timestamp()); RETURN NULL; END $$;
    CREATE TRIGGER note_store AFTER UPDATE ON rested FOR EACH ROW EXECUTE FUNCTION note_store()`);
  const runs = await Promise.all([1, 2].map(() => stage.workplace.run(['worker', '--drain'])));
  t.deepEqual(
    runs.map(({ code }) => code),
    [0, 0],
  );
  // Those from before the first row are no evidence.
  const seen = await sql(
    `SELECT count(*) FILTER (WHERE EXISTS (SELECT FROM stored AS s WHERE s.at BETWEEN p.at - p.milliseconds * interval '1 ms' AND p.at))::int AS disturbed, count(*)::int AS all
       FROM reembed.read_probe AS p WHERE p.target = '${campaign.target}' AND p.is_resting AND p.at > (SELECT min(s.at) + interval '1 second' FROM stored AS s)`,
  );
  await sql('DROP TABLE stored CASCADE; DROP FUNCTION note_store CASCADE');
  t.true(seen.rows[0].all > 0);
  t.true(seen.rows[0].disturbed <= seen.rows[0].all / 10, JSON.stringify(seen.rows[0]));
});

test('a search that fails or takes seconds neither stops the backfill nor is repeated all the time', async (t) => {
  let searches = 0;
  // A second before a rest.
  const ahead = 19_000 - Date.now();
  const db = {
    query: async (text: string) => {
      if (text.includes('probe_read')) {
        searches += 1;
        if (searches === 2) throw new Error('canceling statement due to statement timeout');
        await sleep(400);
      }
      return { rows: text.includes('check_throttle_signals') ? [] : [{ now: ahead + Date.now(), rest: 1500, hasBaseline: true }] };
    },
  } as unknown as Queryable;
  const throttle = createThrottle(db, 'a target', () => {}, undefined);
  await throttle.pass();
  for (let i = 0; i < 8; i++) {
    await sleep(1050);
    await throttle.pass();
  }
  t.is(searches, 2, 'two in this rest, and none before the next');
});
