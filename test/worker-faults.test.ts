import test from 'ava';
import { isProbe, removeCampaigns, startCampaign, until } from './harness/campaign.ts';
import { exitOf } from './harness/command.ts';
import { wrongRows } from './harness/documents.ts';
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
  // 400 rows at 10 ms are 4 s in one transaction; the first portion is of 10.
  t.true(longest < 3000, `a write of the application waited ${longest} ms`);
  t.is((await drain()).code, 0);
  t.deepEqual(await wrongRows(stage.db.pool, { table: 'portioned', newColumn: 'embedding_v2' }), []);
});

test.serial(
  'the first rows of their pages, which go into every index, are written a few at a time however cheap the others are',
  async (t) => {
    await startCampaign(stage, 'waves', { rows: 3000, request: { batchRows: 1000 } });
    await stage.db.pool.query(
      `CREATE TABLE dear_update (id bigint, transaction xid8 DEFAULT pg_current_xact_id());
     CREATE FUNCTION slow_down() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
       IF (OLD.ctid::text::point)[1] = 1 THEN PERFORM pg_sleep(0.02); INSERT INTO public.dear_update (id) VALUES (OLD.id); END IF; RETURN NEW; END $$;
     CREATE TRIGGER slow_down BEFORE UPDATE ON waves FOR EACH ROW EXECUTE FUNCTION slow_down()`,
    );
    t.is((await drain()).code, 0);
    const { rows } = await stage.db.pool.query(
      'SELECT max(n)::int AS most, sum(n)::int AS all FROM (SELECT count(*) AS n FROM dear_update GROUP BY transaction) AS g',
    );
    await stage.db.pool.query('DROP TABLE dear_update');
    t.true(rows[0].all > 40, `${rows[0].all} of them`);
    t.true(rows[0].most <= 10, `${rows[0].most} in one transaction`);
    t.deepEqual(await right('waves'), []);
  },
);

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
