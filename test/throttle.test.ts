import test from 'ava';
import pg from 'pg';
import type { Queryable } from '../src/database/connection.ts';
import { createThrottle } from '../src/throttle/throttle.ts';
import { removeCampaigns, startCampaign, until } from './harness/campaign.ts';
import { wrongRows } from './harness/documents.ts';
import { startForeground } from './harness/foreground.ts';
import { createStage, type Stage } from './harness/stage.ts';

const ROWS = 300;

let stage: Stage;

test.before(async () => {
  stage = await createStage();
});
test.afterEach.always(() => removeCampaigns(stage));
test.after.always(() => stage?.close());

// Signs of trouble come from other sessions: the embedded database has only one.
const testOnServer = process.env.TEST_DATABASE_URL ? test : undefined;

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const sql = (text: string) => stage.db.pool.query(text);

async function connect(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: stage.db.url });
  client.on('error', () => {});
  await client.connect();
  return client;
}

const reasons = async () =>
  (await sql('SELECT reason FROM reembed.health WHERE throttles ORDER BY reason')).rows.map(({ reason }) => reason as string);
/** As if searches took a second beside writes, and a millisecond while workers rest, until that is changed. */
const slowSearches = (target: string) =>
  sql(
    `INSERT INTO reembed.read_probe (target, milliseconds, is_resting, at)
     SELECT '${target}', CASE WHEN i <= 20 THEN 1 ELSE 1000 END, i <= 20, now() + interval '30 minutes' - i * interval '1 second' FROM generate_series(1, 1000) AS i`,
  );
const written = async (table: string) => (await sql(`SELECT FROM ${table} WHERE embedding_v2 IS NOT NULL`)).rowCount ?? 0;

/** While the sign is there a worker writes nothing and DBAs see why; once it is gone the backfill ends automatically. */
async function isHeldBack(t: import('ava').ExecutionContext, table: string, reason: RegExp, letGo: () => Promise<unknown>): Promise<void> {
  const worker = stage.workplace.start(['worker', '--drain']);
  let said = '';
  worker.stderr?.on('data', (chunk) => {
    said += chunk;
  });
  const exited = new Promise((resolve) => worker.once('exit', resolve));
  await until(() => reason.test(said), `a worker that says ${reason}`);
  t.true(
    (await reasons()).some((text) => reason.test(text)),
    'health says it too',
  );
  await pause(1500);
  t.is(await written(table), 0, 'nothing is written meanwhile');
  await letGo();
  t.is(await exited, 0, said);
  t.regex(said, /no longer throttled/);
  t.is(await written(table), ROWS);
  t.deepEqual(await wrongRows(stage.db.pool, { table, newColumn: 'embedding_v2' }), []);
}

testOnServer?.serial('sessions that wait for locks on the table hold the backfill back', async (t) => {
  await startCampaign(stage, 'locked', { rows: ROWS });
  const holder = await connect();
  await holder.query('BEGIN; UPDATE locked SET embedding = embedding WHERE id = 1');
  const waiters = await Promise.all([connect(), connect(), connect()]);
  const writes = waiters.map((waiter) => waiter.query('UPDATE locked SET embedding = embedding WHERE id = 1'));
  await isHeldBack(t, 'locked', /3 sessions wait for locks on the table \(max_lock_waits: 2\)/, () => holder.query('COMMIT'));
  await Promise.all(writes);
  await Promise.all([holder, ...waiters].map((client) => client.end()));
});

testOnServer?.serial('WAL that is kept for a replication slot holds the backfill back', async (t) => {
  await startCampaign(stage, 'backlog', { rows: ROWS });
  const slot = `backlog_${process.pid}`;
  await sql(`SELECT pg_create_physical_replication_slot('${slot}', true); UPDATE reembed.setting SET max_wal_backlog_bytes = 1000`);
  await sql('CREATE TABLE noise AS SELECT g FROM generate_series(1, 10000) AS g; DROP TABLE noise');
  try {
    await isHeldBack(t, 'backlog', new RegExp(`of WAL is kept for replication slot ${slot} \\(max_wal_backlog_bytes: 1000 bytes\\)`), () =>
      sql(`SELECT pg_drop_replication_slot('${slot}'); UPDATE reembed.setting SET max_wal_backlog_bytes = NULL`),
    );
  } finally {
    await sql(`SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = '${slot}'`);
  }
});

if (process.env.TEST_STANDBY) {
  test.serial('a streaming standby that is behind holds the backfill back until it has caught up', async (t) => {
    t.timeout(220_000);
    await startCampaign(stage, 'followed', { rows: ROWS });
    const standby = await startForeground(process.env.TEST_STANDBY ?? '', 'the standby', 'SIGINT');
    const follower = new pg.Pool({ connectionString: Object.assign(new URL(stage.db.url), { port: String(standby.port) }).href, max: 1 });
    follower.on('error', () => {});
    try {
      await until(
        () =>
          follower.query('SELECT').then(
            () => true,
            () => false,
          ),
        'a standby that answers',
      );
      await until(
        async () => (await sql('SELECT FROM pg_stat_replication WHERE replay_lsn IS NOT NULL')).rowCount === 1,
        'a standby that follows',
      );
      await follower.query('SELECT pg_wal_replay_pause()');
      await sql('UPDATE reembed.setting SET max_replica_lag_bytes = 100000');
      await sql('CREATE TABLE noise AS SELECT g FROM generate_series(1, 20000) AS g; DROP TABLE noise');
      await isHeldBack(t, 'followed', /standby ci_standby is .+ behind \(max_replica_lag_bytes: 98 kB\)/, async () => {
        await sql('UPDATE reembed.setting SET max_replica_lag_bytes = 50000000');
        await follower.query('SELECT pg_wal_replay_resume()');
      });
    } finally {
      await follower.end();
      await standby.close();
    }
  });
}

/** A VACUUM of a table that lasts until it is stopped. */
async function startVacuum(table: string): Promise<() => Promise<void>> {
  await sql(`UPDATE ${table} SET embedding = embedding`);
  const vacuum = await connect();
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

/** A database that shows these signals, and no searches. */
const databaseWith = (signals: unknown[]) =>
  ({
    query: async (text: string) => ({ rows: text.includes('check_throttle_signals') ? [...signals] : [] }),
  }) as unknown as Queryable;

/** Signals of a target that the backfill would take account of now. */
const signalsOf = async (target: string) =>
  (await sql(`SELECT reason FROM reembed.check_throttle_signals('${target}')`)).rows.map(({ reason }) => reason as string);

testOnServer?.serial('a VACUUM of the table slows the backfill only where yields_to_vacuum is on', async (t) => {
  const { target } = await startCampaign(stage, 'vacuumed', { rows: 3000 });
  const stop = await startVacuum('vacuumed');
  t.false((await signalsOf(target)).some((reason) => /vacuum/.test(reason)));
  await sql('UPDATE reembed.setting SET yields_to_vacuum = true');
  t.true((await signalsOf(target)).includes('the table is being vacuumed (yields_to_vacuum)'));
  await pause(2000);
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
  t.true((await signalsOf(target)).includes('the table is being vacuumed to prevent wraparound'));
  await stop();
});

test('beside a vacuum that is yielded to a worker writes a quarter of the time', async (t) => {
  const throttle = createThrottle(
    databaseWith([{ signal: 'vacuum', effect: 'slows', reason: 'a vacuum' }]),
    'a target',
    () => {},
    undefined,
  );
  await throttle.pass();
  t.is(throttle.share, 0.25);
});

test('the first 200 ms of writing cost no wait, later ones their multiple', async (t) => {
  const vacuum = { signal: 'vacuum', effect: 'slows', reason: 'a vacuum' };
  const throttle = createThrottle(databaseWith([vacuum]), 'a target', () => {}, undefined);
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
  const holder = await connect();
  t.teardown(() => holder.end());
  // The snapshot is called old from two to ten seconds: the answer of the provider arrives in that time, however slowly the worker starts.
  const { script } = stage.provider;
  stage.provider.script = async () => {
    stage.provider.script = script;
    await holder.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM seen');
    await pause(2100);
    return undefined;
  };
  const running = stage.workplace.run(['worker', '--drain']);
  await until(async () => (await reasons()).some((text) => /has been in a transaction since/.test(text)), 'a worker that waits');
  t.is(await written('seen'), 0);
  await holder.query('COMMIT');
  const { code, stderr } = await running;
  t.is(code, 0, stderr);
  t.is(await written('seen'), ROWS);
});

testOnServer?.serial('it does not hold back that of a side table, which undoes nothing', async (t) => {
  await startCampaign(stage, 'unseen', { rows: ROWS, request: { storage: 'side-table' } });
  const holder = await connect();
  t.teardown(() => holder.end());
  await holder.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM unseen');
  await pause(2100);
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
  await pause(1100);
  t.true((await passes()) < 1000);
  signals.pop();
  await pause(1100);
  await passes();
  signals.push(signal);
  await pause(1100);
  const waiting = passes();
  await pause(2500);
  signals.pop();
  t.true((await waiting) > 2000);
});

testOnServer?.serial('searches that have become slow make the backfill write less of the time, and it takes its time back', async (t) => {
  const campaign = await startCampaign(stage, 'searched', { rows: 600 });
  await sql('UPDATE reembed.setting SET max_read_slowdown = 1.5');
  await slowSearches(campaign.target);
  const startedAt = Date.now();
  const running = stage.workplace.run(['worker', '--drain']);
  await until(
    async () => (await reasons()).some((text) => /^searches take 1000.0 ms while workers write and 1.0 ms while they rest/.test(text)),
    'slow searches',
  );
  await until(async () => (await written('searched')) > 0, 'some rows');
  await pause(1500);
  t.true((await written('searched')) < 600, 'it is slow');
  await sql('UPDATE reembed.read_probe SET milliseconds = 100000 WHERE is_resting');
  const { code, stderr } = await running;
  t.is(code, 0, stderr);
  t.is(await written('searched'), 600);
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

test.serial('without any setting searches keep their latency, and a vacuum is not yielded to', async (t) => {
  const campaign = await startCampaign(stage, 'default_settings', { rows: 10 });
  t.deepEqual(
    (
      await sql(
        `SELECT max_read_slowdown::float AS slowdown, yields_to_vacuum AS yields FROM reembed.setting WHERE target = '${campaign.target}'`,
      )
    ).rows,
    [{ slowdown: 1.3, yields: false }],
  );
});

testOnServer?.serial('searches that are as slow while workers rest have another cause', async (t) => {
  const { target } = await startCampaign(stage, 'slow_anyway', { rows: 10 });
  await sql(
    `INSERT INTO reembed.read_probe (target, milliseconds, is_resting) SELECT '${target}', 1000 + i, i % 2 = 0 FROM generate_series(1, 100) AS i`,
  );
  const slow = async () => (await signalsOf(target)).filter((reason) => reason.startsWith('searches take'));
  t.deepEqual(await slow(), []);
  await sql(`UPDATE reembed.read_probe SET milliseconds = 500 WHERE target = '${target}' AND is_resting`);
  t.is((await slow()).length, 1);
});

test.serial('one slow search among ten is no sign of slow searches, and three are', async (t) => {
  const { target } = await startCampaign(stage, 'one_slow', { rows: 10 });
  await sql(
    `INSERT INTO reembed.read_probe (target, milliseconds, is_resting) SELECT '${target}', CASE WHEN i = 1 THEN 100 ELSE 5 END, i > 10 FROM generate_series(1, 50) AS i`,
  );
  const isSlow = async () => (await signalsOf(target)).some((reason) => reason.startsWith('searches take'));
  t.false(await isSlow());
  await sql(
    `UPDATE reembed.read_probe SET milliseconds = 100 WHERE id IN (SELECT id FROM reembed.read_probe WHERE target = '${target}' AND NOT is_resting ORDER BY id LIMIT 3)`,
  );
  t.true(await isSlow());
});

test.serial('each probe follows a search that is not timed, so that those between two rests find the caches as warm', async (t) => {
  const { target } = await startCampaign(stage, 'warm', { rows: 10 });
  const client = await connect();
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

test.serial('a throttle setting that makes no sense is refused', async (t) => {
  await startCampaign(stage, 'senseless', { rows: 10 });
  for (const [change, message] of [
    ['max_read_slowdown=1', /max_read_slowdown cannot be "1": max read slowdown is more than one/],
    ['max_replica_lag_bytes=0', /max replica lag bytes is positive/],
    ['max_lock_waits=-1', /max lock waits is not negative/],
    ['yields_to_vacuum=perhaps', /invalid input syntax for type boolean/],
  ] as const) {
    const { code, stderr } = await stage.workplace.run(['setting', '--', change]);
    t.is(code, 1);
    t.regex(stderr, message);
  }
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
        await pause(400);
      }
      return { rows: text.includes('check_throttle_signals') ? [] : [{ now: ahead + Date.now(), rest: 1500, hasBaseline: true }] };
    },
  } as unknown as Queryable;
  const throttle = createThrottle(db, 'a target', () => {}, undefined);
  await throttle.pass();
  for (let i = 0; i < 8; i++) {
    await pause(1050);
    await throttle.pass();
  }
  t.is(searches, 2, 'two in this rest, and none before the next');
});
