import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import pg from 'pg';
import { removeCampaigns, startCampaign, until } from './harness/campaign.ts';
import { wrongRows } from './harness/documents.ts';
import { startForeground } from './harness/foreground.ts';
import { createStage, type Stage } from './harness/stage.ts';
import { connect, throttlingReasons, writtenRows } from './harness/throttle.ts';

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

/** While the sign is there a worker writes nothing and DBAs see why; once it is gone the backfill ends automatically. */
async function isHeldBack(t: ExecutionContext, table: string, reason: RegExp, letGo: () => Promise<unknown>): Promise<void> {
  const worker = stage.workplace.start(['worker', '--drain']);
  let said = '';
  worker.stderr?.on('data', (chunk) => {
    said += chunk;
  });
  const exited = new Promise((resolve) => worker.once('exit', resolve));
  await until(() => reason.test(said), `a worker that says ${reason}`);
  t.true(
    (await throttlingReasons(stage)).some((text) => reason.test(text)),
    'health says it too',
  );
  await sleep(1500);
  t.is(await writtenRows(stage, table), 0, 'nothing is written meanwhile');
  await letGo();
  t.is(await exited, 0, said);
  t.regex(said, /no longer throttled/);
  t.is(await writtenRows(stage, table), ROWS);
  t.deepEqual(await wrongRows(stage.db.pool, { table, newColumn: 'embedding_v2' }), []);
}

testOnServer?.serial('sessions that wait for locks on the table hold the backfill back', async (t) => {
  await startCampaign(stage, 'locked', { rows: ROWS });
  const holder = await connect(stage);
  await holder.query('BEGIN; UPDATE locked SET embedding = embedding WHERE id = 1');
  const waiters = await Promise.all([connect(stage), connect(stage), connect(stage)]);
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
    await isHeldBack(t, 'backlog', new RegExp(`of WAL is kept for replication slot ${slot} \\(max_wal_backlog_bytes: 1000 B\\)`), () =>
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
      await isHeldBack(t, 'followed', /standby ci_standby is .+ behind \(max_replica_lag_bytes: 97\.7 kB\)/, async () => {
        await sql('UPDATE reembed.setting SET max_replica_lag_bytes = 50000000');
        await follower.query('SELECT pg_wal_replay_resume()');
      });
    } finally {
      await follower.end();
      await standby.close();
    }
  });
}

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
