import type { ChildProcess } from 'node:child_process';
import test from 'ava';
import { type Campaign, isProbe, removeCampaigns, startCampaign, until } from './harness/campaign.ts';
import { exitOf } from './harness/command.ts';
import { wrongRows } from './harness/documents.ts';
import { openLink } from './harness/link.ts';
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
  const link = await openLink(stage.db.url);
  const worker = stage.workplace.start(['worker'], { DATABASE_URL: link.url });
  const { isLeft } = watchOver(worker, campaign);
  try {
    await until(() => campaign.requests().length > 0, 'a request');
    link.cut();
    await pause(4000);
    await link.fix();
    stage.provider.script = () => undefined;
    await until(async () => !(await isLeft()), 'every batch', 90);
    worker.kill('SIGTERM');
    t.is(await exitOf(worker), 0);
  } finally {
    worker.kill('SIGKILL');
    await exitOf(worker);
    link.cut();
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
  await stage.db.pool.query("UPDATE reembed.batch SET state = 'done', finished_at = now() WHERE campaign = $1 AND id IN (2, 3)", [
    campaign.name,
  ]);
  await stage.db.pool.query('DELETE FROM reembed_queue.job');
  t.is((await drain()).code, 0);
  t.deepEqual(await right('put_back'), [], 'batches that were called done and were not');

  // With the blocks that its rows have moved to.
  await stage.db.pool.query(
    "UPDATE reembed.batch SET state = 'pending', finished_at = NULL, end_place = '(1000,0)' WHERE campaign = $1 AND id IN (1, 2)",
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
    'CREATE FUNCTION break_it() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM FROM missing; RETURN NEW; END $$',
  );
  await stage.db.pool.query('CREATE TRIGGER break_it BEFORE UPDATE ON breaking FOR EACH ROW EXECUTE FUNCTION break_it()');
  const worker = stage.workplace.start(['worker']);
  await until(() => campaign.ask('SELECT paused FROM reembed.setting'), 'the breaker');
  worker.kill('SIGTERM');
  await exitOf(worker);
  t.regex(
    await campaign.ask('SELECT paused_reason FROM reembed.setting'),
    /^\d+ of \d+ batches failed, the last because: relation "missing" does not exist$/,
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
