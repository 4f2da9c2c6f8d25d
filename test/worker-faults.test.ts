import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import test from 'ava';
import { type Campaign, isProbe, removeCampaigns, startCampaign, until } from './harness/campaign.ts';
import { OLD_MODEL, wrongRows } from './harness/documents.ts';
import { openRoad } from './harness/road.ts';
import { createStage, type Stage } from './harness/stage.ts';

let stage: Stage;

test.before(async () => {
  stage = await createStage();
});
test.afterEach.always(async () => {
  await stage.db.pool.query('DROP FUNCTION IF EXISTS slow_down, break_it CASCADE');
  await removeCampaigns(stage);
});
test.after.always(() => stage?.close());

// A process that stands still while another session writes: the embedded database has only one session.
const testOnServer = process.env.TEST_DATABASE_URL ? test : undefined;

const drain = (env: Record<string, string> = {}) => stage.workplace.run(['worker', '--drain'], env);
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const right = (table: string) => wrongRows(stage.db.pool, { table, oldColumn: 'embedding', newColumn: 'embedding_v2' });

async function exitOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.exitCode;
}

/** Whether batches are left for a worker, which must not end meanwhile. */
function watchOver(worker: ChildProcess, campaign: Campaign): { isLeft(): Promise<boolean> } {
  let said = '';
  worker.stderr?.on('data', (chunk) => {
    said = (said + chunk).slice(-2000);
  });
  return {
    isLeft() {
      if (worker.exitCode !== null || worker.signalCode !== null) throw new Error(`the worker ended: ${said}`);
      return campaign.ask<boolean>("SELECT EXISTS (SELECT FROM reembed.batch WHERE state = 'pending')");
    },
  };
}

/** Makes each update of a row of the table by a worker take a while, as a vector index does. */
async function slowDown(table: string, seconds: number): Promise<void> {
  await stage.db.pool.query(
    `CREATE FUNCTION slow_down() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       IF current_setting('application_name') = 'pg-reembed' THEN PERFORM pg_sleep(${seconds}); END IF; RETURN NEW; END $$`,
  );
  await stage.db.pool.query(`CREATE TRIGGER slow_down BEFORE UPDATE ON ${table} FOR EACH ROW EXECUTE FUNCTION slow_down()`);
}

testOnServer?.serial('a worker that stands still while it writes holds no row of the application', async (t) => {
  const campaign = await startCampaign(stage, 'frozen', { rows: 50 });
  await slowDown('frozen', 0.02);
  const worker = stage.workplace.start(['worker']);
  try {
    await until(
      () =>
        campaign.ask(
          "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE state = 'active' AND wait_event = 'PgSleep' AND application_name = 'pg-reembed')",
        ),
      'a write under way',
    );
    worker.kill('SIGSTOP');
    await t.notThrowsAsync(
      stage.db.pool.query("SET LOCAL statement_timeout = '5s'; UPDATE frozen SET content = 'changed while the worker stood still ' || id"),
      'the application waited for its rows',
    );
  } finally {
    worker.kill('SIGCONT');
    worker.kill('SIGKILL');
    await exitOf(worker);
  }
  await stage.db.pool.query('DROP FUNCTION slow_down() CASCADE');
  t.is((await drain()).code, 0);
  t.deepEqual(await right('frozen'), []);
});

testOnServer?.serial('rows are written in portions, so that the application never waits for a whole batch', async (t) => {
  const ROWS = 400;
  await startCampaign(stage, 'portioned', {
    rows: ROWS,
    request: { batchRows: ROWS },
    // A row a page, so that a wave is the whole batch.
    fill: async () => {
      await stage.db.pool.query('ALTER TABLE portioned ALTER COLUMN content SET STORAGE PLAIN');
      await stage.db.pool.query("UPDATE portioned SET content = content || repeat(' filler', 600)");
      await stage.db.pool.query('VACUUM FULL portioned');
    },
  });
  await slowDown('portioned', 0.01);
  const working = drain();
  let longest = 0;
  let isOver = false;
  void working.then(() => {
    isOver = true;
  });
  for (let id = 1; !isOver; id = (id % ROWS) + 1) {
    const startedAt = Date.now();
    // What a write waits for, without its change: that would take the row out of the batch.
    await stage.db.pool.query('SELECT FROM portioned WHERE id = $1 FOR UPDATE', [id]);
    longest = Math.max(longest, Date.now() - startedAt);
    await pause(20);
  }
  t.is((await working).code, 0);
  // 400 rows at 10 ms are 4 s in one transaction; the first portion is of 50.
  t.true(longest < 3000, `a write of the application waited ${longest} ms`);
  t.is((await drain()).code, 0);
  t.deepEqual(await wrongRows(stage.db.pool, { table: 'portioned', newColumn: 'embedding_v2' }), []);
});

test.serial(
  'SIGTERM ends a worker in bounded time although its provider never answers, and what it held waits in the ledger',
  async (t) => {
    const campaign = await startCampaign(stage, 'hanging', { rows: 60 });
    stage.provider.script = async (request) => {
      if (!isProbe(request)) await pause(120_000);
      return undefined;
    };
    const worker = stage.workplace.start(['worker']);
    await until(() => campaign.requests().length > 0, 'a request');
    const askedAt = Date.now();
    worker.kill('SIGTERM');
    t.is(await exitOf(worker), 0);
    t.true(Date.now() - askedAt < 29_000, `it took ${Date.now() - askedAt} ms`);
    t.is(await campaign.failures(), 0);
    stage.provider.script = () => undefined;
    t.is((await drain()).code, 0);
    t.deepEqual(await right('hanging'), []);
  },
);

test.serial('SIGTERM ends a worker that waits for a provider at once, and a second one ends any worker at once', async (t) => {
  const campaign = await startCampaign(stage, 'waiting', { rows: 60 });
  stage.provider.script = (request) => (isProbe(request) ? undefined : { status: 429, headers: { 'retry-after': '600' } });
  const worker = stage.workplace.start(['worker'], { EMBED_PATIENCE_SECONDS: '3000' });
  await until(() => campaign.requests().length > 0, 'a request');
  await pause(500);
  const askedAt = Date.now();
  worker.kill('SIGTERM');
  t.is(await exitOf(worker), 0);
  t.true(Date.now() - askedAt < 8000, `it took ${Date.now() - askedAt} ms`);

  await stage.db.pool.query('DELETE FROM reembed.provider_quota');
  stage.provider.requests.length = 0;
  stage.provider.script = async (request) => {
    if (!isProbe(request)) await pause(120_000);
    return undefined;
  };
  const hanging = stage.workplace.start(['worker']);
  await until(() => campaign.requests().length > 0, 'a request');
  hanging.kill('SIGTERM');
  await pause(500);
  const againAt = Date.now();
  hanging.kill('SIGTERM');
  t.is(await exitOf(hanging), 130);
  t.true(Date.now() - againAt < 3000);
  stage.provider.script = () => undefined;
  t.is((await drain()).code, 0);
  t.deepEqual(await right('waiting'), []);
});

test.serial('a batch whose requests are many is stopped between two of them, and what they brought is stored', async (t) => {
  const campaign = await startCampaign(stage, 'stopped_between', { rows: 50 });
  stage.provider.script = async (request) => {
    if (!isProbe(request)) await pause(600);
    return undefined;
  };
  const worker = stage.workplace.start(['worker'], { EMBED_REQUEST_INPUTS: '5', EMBED_MAX_IN_FLIGHT: '2' });
  await until(() => campaign.requests().length >= 3, 'the third request');
  worker.kill('SIGTERM');
  t.is(await exitOf(worker), 0);
  const stored = await campaign.ask<number>('SELECT count(*)::int FROM stopped_between WHERE embedding_v2 IS NOT NULL');
  t.true(stored >= 10 && stored <= 20, `${stored} rows`);
  stage.provider.script = () => undefined;
  t.is((await drain()).code, 0);
  t.is(
    campaign.requests().reduce((sum, { input }) => sum + input.length, 0),
    50,
    'no text was paid for twice',
  );
  t.deepEqual(await right('stopped_between'), []);
});

testOnServer?.serial('rows that a long transaction holds do not keep later ones waiting', async (t) => {
  await startCampaign(stage, 'held_up', { rows: 60 });
  t.is((await drain()).code, 0);
  await stage.db.pool.query("UPDATE held_up SET content = 'changed ' || id WHERE id <= 40");
  const holder = await stage.db.pool.connect();
  const worker = stage.workplace.start(['worker'], { EMBED_REQUEST_INPUTS: '2' });
  try {
    await holder.query("BEGIN; UPDATE held_up SET content = 'held ' || id WHERE id <= 40");
    await stage.db.pool.query("UPDATE held_up SET content = 'changed later' WHERE id > 50");
    const waiting = async () => (await stage.db.pool.query("SELECT FROM reembed.stale_row WHERE (key ->> 'id')::int > 50")).rowCount;
    await until(async () => (await waiting()) === 0, 'the later rows', 60);
  } finally {
    await holder.query('COMMIT');
    holder.release();
    worker.kill('SIGKILL');
    await exitOf(worker);
  }
  t.is((await drain()).code, 0);
  t.deepEqual(await right('held_up'), []);
});

test.serial('writes that never end keep neither model waiting', async (t) => {
  await startCampaign(stage, 'steady', { rows: 60 });
  t.is((await drain()).code, 0);
  // The model that is read is slow: whenever it has answered there are new notes for it.
  stage.provider.script = async (request) => {
    if (request.model === OLD_MODEL && !isProbe(request)) await pause(400);
    return undefined;
  };
  await stage.db.pool.query("UPDATE steady SET content = 'changed first' WHERE id = 1");
  const worker = stage.workplace.start(['worker']);
  try {
    let id = 1;
    await until(
      async () => {
        id = (id % 50) + 2;
        await stage.db.pool.query("UPDATE steady SET content = 'changed ' || clock_timestamp() WHERE id = $1", [id]);
        const { rowCount } = await stage.db.pool.query("SELECT FROM reembed.stale_row WHERE key ->> 'id' = '1'");
        return rowCount === 0;
      },
      'both vectors of the row that changed first',
      60,
    );
  } finally {
    worker.kill('SIGKILL');
    await exitOf(worker);
  }
  stage.provider.script = () => undefined;
  t.is((await drain()).code, 0);
  t.deepEqual(await right('steady'), []);
});

test.serial('each lane of changed rows has a place in a worker, however long the others are at the provider', async (t) => {
  const campaign = await startCampaign(stage, 'lanes', { rows: 60 });
  t.is((await drain()).code, 0);
  const lanes = 'SELECT DISTINCT reembed.catch_up_lane(key) FROM reembed.stale_row';
  // Rows of every lane.
  await stage.db.pool.query("UPDATE lanes SET content = 'changed ' || id WHERE id <= 40");
  t.is((await stage.db.pool.query(lanes)).rowCount, 4);
  let isHanging = true;
  stage.provider.script = async (request) => {
    while (isHanging && !isProbe(request)) await pause(50);
    return undefined;
  };
  stage.provider.requests.length = 0;
  const worker = stage.workplace.start(['worker']);
  try {
    await until(() => campaign.requests(OLD_MODEL).length === 4, 'a request of each lane at the same time', 20);
    isHanging = false;
    await until(async () => (await stage.db.pool.query(lanes)).rowCount === 0, 'all of them');
  } finally {
    isHanging = false;
    worker.kill('SIGKILL');
    await exitOf(worker);
  }
  t.deepEqual(await right('lanes'), []);
});

test.serial('a lane lets go after some seconds although its notes never end, so that those of other tables get a place', async (t) => {
  await startCampaign(stage, 'never_ending', { rows: 20 });
  await stage.work();
  let isWriting = true;
  let asked = 0;
  // Whenever the provider has been asked there is another note, of another row than it was asked for.
  stage.provider.script = async () => {
    asked += 1;
    if (isWriting)
      await stage.db.pool.query("UPDATE never_ending SET content = 'changed ' || clock_timestamp() WHERE id = $1", [1 + (asked % 20)]);
    return undefined;
  };
  await stage.db.pool.query("UPDATE never_ending SET content = 'changed first' WHERE id = 1");
  const turn = stage.work().then(() => 'let go');
  t.is(await Promise.race([turn, pause(20_000).then(() => 'still at it')]), 'let go');
  isWriting = false;
  await turn;
  await stage.work();
  t.deepEqual(await right('never_ending'), []);
});

testOnServer?.serial('a worker whose connections are terminated again and again goes on', async (t) => {
  const campaign = await startCampaign(stage, 'terminated', { rows: 400 });
  stage.provider.script = async (request) => {
    if (!isProbe(request)) await pause(200);
    return undefined;
  };
  const worker = stage.workplace.start(['worker']);
  const { isLeft } = watchOver(worker, campaign);
  try {
    await until(() => campaign.requests().length > 0, 'a request');
    for (let round = 0; round < 4; round++) {
      await stage.db.pool.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'pg-reembed%'",
      );
      await pause(400);
    }
    stage.provider.script = () => undefined;
    await until(async () => !(await isLeft()), 'every batch', 90);
    worker.kill('SIGTERM');
    t.is(await exitOf(worker), 0);
  } finally {
    worker.kill('SIGKILL');
  }
  t.is(await campaign.failures(), 0);
  t.deepEqual(await right('terminated'), []);
});

testOnServer?.serial('a worker waits out a server that is away, and goes on when it is back', async (t) => {
  const campaign = await startCampaign(stage, 'away', { rows: 400 });
  stage.provider.script = async (request) => {
    if (!isProbe(request)) await pause(200);
    return undefined;
  };
  const road = await openRoad(stage.db.url);
  const worker = stage.workplace.start(['worker'], { DATABASE_URL: road.url });
  const { isLeft } = watchOver(worker, campaign);
  try {
    await until(() => campaign.requests().length > 0, 'a request');
    road.cut();
    await pause(4000);
    await road.mend();
    stage.provider.script = () => undefined;
    await until(async () => !(await isLeft()), 'every batch', 90);
    worker.kill('SIGTERM');
    t.is(await exitOf(worker), 0);
  } finally {
    worker.kill('SIGKILL');
    await exitOf(worker);
    road.cut();
  }
  t.is(await campaign.failures(), 0);
  t.deepEqual(await right('away'), []);
});

test.serial('a worker that finds its queue emptied fills it again from the ledger', async (t) => {
  const campaign = await startCampaign(stage, 'emptied', { rows: 300 });
  stage.provider.script = async (request) => {
    if (!isProbe(request)) await pause(200);
    return undefined;
  };
  const worker = stage.workplace.start(['worker', '--concurrency', '1']);
  const { isLeft } = watchOver(worker, campaign);
  try {
    await until(() => campaign.requests().length > 0, 'a request');
    await stage.db.pool.query('DELETE FROM reembed_queue.job');
    t.true(await isLeft());
    await until(async () => !(await isLeft()), 'every batch', 30);
  } finally {
    worker.kill('SIGKILL');
    await exitOf(worker);
  }
  t.deepEqual(await wrongRows(stage.db.pool, { table: 'emptied', newColumn: 'embedding_v2' }), []);
});

test.serial('a ledger and a queue that were put back from a copy are set right', async (t) => {
  t.timeout(60_000);
  const campaign = await startCampaign(stage, 'put_back', { rows: 300 });
  await stage.db.pool.query("UPDATE reembed.batch SET state = 'done', finished_at = now() WHERE migration = $1 AND id IN (2, 3)", [
    campaign.name,
  ]);
  await stage.db.pool.query('DELETE FROM reembed_queue.job');
  t.is((await drain()).code, 0);
  t.deepEqual(await right('put_back'), [], 'batches that were called done and were not');

  // With the blocks that its rows have moved to.
  await stage.db.pool.query(
    "UPDATE reembed.batch SET state = 'pending', finished_at = NULL, last_block = 1000 WHERE migration = $1 AND id IN (1, 2)",
    [campaign.name],
  );
  stage.provider.requests.length = 0;
  t.is((await drain()).code, 0);
  t.is(campaign.requests().length, 0, 'what is done is not paid for again');
  t.deepEqual(await right('put_back'), []);
});

test.serial('the breaker stops a campaign when more than half of at least 50 batches fail, and says why', async (t) => {
  const campaign = await startCampaign(stage, 'breaking', { rows: 3500 });
  t.true((await campaign.ask<number>('SELECT count(*)::int FROM reembed.batch')) > 60);
  await stage.db.pool.query(
    "CREATE FUNCTION break_it() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not in this table'; END $$",
  );
  await stage.db.pool.query('CREATE TRIGGER break_it BEFORE UPDATE ON breaking FOR EACH ROW EXECUTE FUNCTION break_it()');
  const worker = stage.workplace.start(['worker']);
  await until(() => campaign.ask('SELECT paused FROM reembed.setting'), 'the breaker');
  worker.kill('SIGTERM');
  await exitOf(worker);
  t.regex(
    await campaign.ask('SELECT paused_reason FROM reembed.setting'),
    /^\d+ of \d+ batches failed, the last because: not in this table$/,
  );
  const begun = await campaign.ask<number>('SELECT count(*)::int FROM reembed.batch WHERE started_at IS NOT NULL');
  t.true(begun >= 50 && begun < 60, `${begun} batches were begun`);
  t.is(await campaign.failures(), 0);

  // A start of a worker does not end it: somebody has to have looked.
  t.regex((await drain()).stderr, /\[paused\]/);
  await stage.db.pool.query('DROP FUNCTION break_it() CASCADE');
  t.is((await stage.workplace.run(['setting', 'paused=false'])).code, 0);
  t.is((await drain()).code, 0);
  t.deepEqual(await right('breaking'), []);
});
