import type { ChildProcess } from 'node:child_process';
import test from 'ava';
import { readConfig } from '../src/config.ts';
import { runProviderBatch } from '../src/worker/batch-api/provider-batch-job.ts';
import { createWorkContext, type WorkContext } from '../src/worker/context.ts';
import { offerBatchApi } from './harness/batch-api.ts';
import { batchApiRun } from './harness/batch-api-campaign.ts';
import { removeCampaigns, startCampaign, until } from './harness/campaign.ts';
import { exitOf } from './harness/command.ts';
import { createStage, type Stage } from './harness/stage.ts';

let stage: Stage;
let run: ReturnType<typeof batchApiRun>;

test.before(async () => {
  stage = await createStage();
  run = batchApiRun(stage);
});
test.beforeEach(() => {
  offerBatchApi(stage.provider.batchApi);
});
test.afterEach.always(async () => {
  await stage.db.pool.query('DROP FUNCTION IF EXISTS slow_down CASCADE');
  await removeCampaigns(stage);
});
test.after.always(() => stage?.close());

// A process that stands still while another one works: the embedded database has only one session.
const testOnServer = process.env.TEST_DATABASE_URL ? test : undefined;

const api = () => stage.provider.batchApi;
const calls = (call: string) => api().calls.filter((seen) => seen === call).length;
const never = () => new Promise<undefined>(() => {});

async function kill(worker: ChildProcess): Promise<void> {
  worker.kill('SIGKILL');
  await exitOf(worker);
}

// Where a worker is killed, and whether the provider already did what it was asked for.
const MOMENTS = [
  { name: 'while it uploads the requests', table: 'at_upload', call: 'POST /files', when: 'before', uploads: 2, creations: 1 },
  { name: 'before it knows that they are uploaded', table: 'after_upload', call: 'POST /files', when: 'after', uploads: 2, creations: 1 },
  { name: 'before the batch is made', table: 'at_creation', call: 'POST /batches', when: 'before', uploads: 1, creations: 2 },
  {
    name: 'before it knows that the batch is made',
    table: 'after_creation',
    call: 'POST /batches',
    when: 'after',
    uploads: 1,
    creations: 1,
  },
] as const;

for (const { name, table, call, when, uploads, creations } of MOMENTS) {
  test.serial(`a worker that is killed ${name} does not have anything paid for twice`, async (t) => {
    const campaign = await startCampaign(stage, table, { rows: 600 });
    api().intercept = (seen, moment) => (seen === call && moment === when ? never() : undefined);
    const worker = stage.workplace.start(['worker', '--batch-api']);
    await until(() => calls(call) > 0 && (when === 'before' || api().files.size > 0), call);
    await kill(worker);
    // Texts that changed meanwhile are sent as they are now, or not stored.
    await stage.db.pool.query(`UPDATE ${table} SET content = 'changed ' || id WHERE id <= 10`);
    api().intercept = () => undefined;
    const { code, stderr } = await run.drain();
    t.is(code, 0, stderr);
    t.deepEqual(await run.wrong(table), []);
    t.is(api().batches.size, 1);
    t.is(calls('POST /batches'), creations);
    t.is(calls('POST /files'), uploads);
    t.is(api().files.size, 0, 'no text is left at the provider');
    t.true(campaign.requests().reduce((sum, { input }) => sum + input.length, 0) <= 10, 'but for the changed rows');
    t.is(await campaign.ask('SELECT count(*)::int FROM reembed.provider_batch_row'), 0);
  });
}

test.serial('a batch whose making was not answered is found by its file where the provider keeps no labels', async (t) => {
  const campaign = await startCampaign(stage, 'unlabelled', { rows: 100 });
  api().intercept = (call, when) => {
    if (call !== 'POST /batches' || when !== 'after') return undefined;
    for (const batch of api().batches.values()) batch.metadata = {};
    return 'cut';
  };
  const { code, stderr } = await run.drain();
  t.is(code, 0, stderr);
  t.is(calls('POST /batches'), 1);
  t.is(api().batches.size, 1);
  t.is(campaign.requests().length, 0);
  t.deepEqual(await run.wrong('unlabelled'), []);
});

test.serial('the loss of a worker that is killed while the batch is at the provider has no effect', async (t) => {
  const campaign = await startCampaign(stage, 'left_alone', { rows: 600 });
  api().isHeld = true;
  const worker = stage.workplace.start(['worker', '--batch-api']);
  await until(
    () => campaign.ask("SELECT EXISTS (SELECT FROM reembed.provider_batch WHERE state = 'submitted')"),
    'a batch at the provider',
  );
  await kill(worker);
  api().isHeld = false;
  // Nobody is there who would send batches, and the vectors come all the same.
  t.is((await run.hastened(() => stage.workplace.run(['worker', '--drain']))).code, 0);
  t.is(api().batches.size, 1);
  t.is(campaign.requests().length, 0);
  t.deepEqual(await run.wrong('left_alone'), []);
});

test.serial('a worker that is killed while it stores vectors is followed by one that goes on where it stopped', async (t) => {
  const campaign = await startCampaign(stage, 'half_stored', { rows: 600 });
  await stage.db.pool.query(
    'CREATE FUNCTION slow_down() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.01); RETURN NEW; END $$',
  );
  await stage.db.pool.query('CREATE TRIGGER slow_down BEFORE UPDATE ON half_stored FOR EACH ROW EXECUTE FUNCTION slow_down()');
  const worker = stage.workplace.start(['worker', '--batch-api']);
  await run.hastened(() => until(() => campaign.ask('SELECT sum(stored_rows) BETWEEN 1 AND 500 FROM reembed.provider_batch'), 'some rows'));
  await kill(worker);
  await stage.db.pool.query('DROP FUNCTION slow_down CASCADE');
  const before = await campaign.ask<number>('SELECT count(*)::int FROM half_stored WHERE embedding_v2 IS NOT NULL');
  t.true(before > 0 && before < 600, `${before} rows`);
  t.is(await campaign.ask('SELECT count(*)::int FROM reembed.provider_batch_row'), 600 - before, 'what is stored is off the record');
  t.is((await run.drain()).code, 0);
  t.deepEqual(await run.wrong('half_stored'), []);
  t.is(api().embedded.length, 600);
  t.is(campaign.requests().length, 0);
  t.is(await campaign.ask('SELECT sum(embedded_rows)::int FROM reembed.batch'), 600, 'no row is counted twice');
  t.is(
    await campaign.ask('SELECT sum(tokens)::int FROM reembed.batch'),
    await campaign.ask('SELECT sum(tokens)::int FROM reembed.provider_batch'),
  );
  t.is(
    await campaign.ask('SELECT sum(requests)::int FROM reembed.batch'),
    await campaign.ask('SELECT sum(requests)::int FROM reembed.provider_batch'),
  );
});

test.serial('SIGTERM ends a worker while it stores vectors, and another goes on at once', async (t) => {
  const campaign = await startCampaign(stage, 'interrupted', { rows: 600 });
  await stage.db.pool.query(
    'CREATE FUNCTION slow_down() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.01); RETURN NEW; END $$',
  );
  await stage.db.pool.query('CREATE TRIGGER slow_down BEFORE UPDATE ON interrupted FOR EACH ROW EXECUTE FUNCTION slow_down()');
  const worker = stage.workplace.start(['worker', '--batch-api']);
  await run.hastened(() => until(() => campaign.ask('SELECT sum(stored_rows) BETWEEN 1 AND 500 FROM reembed.provider_batch'), 'some rows'));
  const askedAt = Date.now();
  worker.kill('SIGTERM');
  t.is(await exitOf(worker), 0);
  t.true(Date.now() - askedAt < 8000, `it took ${Date.now() - askedAt} ms`);
  await stage.db.pool.query('DROP FUNCTION slow_down CASCADE');
  t.is((await run.drain()).code, 0);
  t.deepEqual(await run.wrong('interrupted'), []);
  t.is(api().embedded.length, 600);
  t.is(campaign.requests().length, 0);
});

test.serial('an answer that comes after another worker found the batch does not cancel it', async (t) => {
  const campaign = await startCampaign(stage, 'found', { rows: 100 });
  const config = readConfig({ ...stage.db.env, OPENAI_API_KEY: 'test', OPENAI_BASE_URL: stage.provider.url });
  const [slow, quick] = [1, 2].map(() => createWorkContext(stage.database, config, () => {})) as [WorkContext, WorkContext];
  const id = await campaign.ask<string>('SELECT reembed.claim_provider_batch(1000, 1)');
  let answer: (value: undefined) => void = () => {};
  api().intercept = (call, when) =>
    call === 'POST /batches' && when === 'after'
      ? new Promise((resolve) => {
          answer = resolve;
        })
      : undefined;
  const sending = runProviderBatch(slow, { id });
  await until(() => api().batches.size === 1, 'the batch');
  await runProviderBatch(quick, { id });
  t.is(await campaign.ask('SELECT state FROM reembed.provider_batch'), 'submitted');
  answer(undefined);
  await sending;
  t.deepEqual(
    [...api().batches.values()].map(({ status }) => status),
    ['validating'],
  );
  await runProviderBatch(quick, { id });
  t.deepEqual(await run.wrong('found'), []);
});

testOnServer?.serial('a batch that a worker taken for dead has made after another one did is cancelled', async (t) => {
  const campaign = await startCampaign(stage, 'stood_still', { rows: 300 });
  let first = true;
  let goOn: (value: undefined) => void = () => {};
  api().intercept = (call, when) => {
    if (call !== 'POST /batches' || when !== 'before' || !first) return undefined;
    first = false;
    return new Promise((resolve) => {
      goOn = resolve;
    });
  };
  const frozen = stage.workplace.start(['worker', '--batch-api'], { EMBED_TIMEOUT_SECONDS: '600' });
  const other = stage.workplace.start(['worker', '--batch-api']);
  try {
    await until(() => calls('POST /batches') === 1, 'the first to ask');
    // As if it had shown no sign of life for a while.
    await stage.db.pool.query(
      "UPDATE reembed_queue.job SET heartbeat_on = now() - interval '1 minute' WHERE name LIKE 'provider\\_batch\\_%' AND state = 'active'",
    );
    api().isHeld = true;
    await run.hastened(() =>
      until(() => campaign.ask("SELECT EXISTS (SELECT FROM reembed.provider_batch WHERE state = 'submitted')"), 'the other'),
    );
    goOn(undefined);
    await until(() => api().batches.size === 2, 'the late one');
    await run.hastened(() =>
      until(() => [...api().batches.values()].some(({ status }) => status === 'cancelling'), 'the late one to be cancelled'),
    );
    api().isHeld = false;
    api().script = ({ status }) => (status === 'cancelling' ? 'cancelled' : 'completed');
    await run.hastened(() =>
      until(() => campaign.ask("SELECT NOT EXISTS (SELECT FROM reembed.batch WHERE state = 'pending')"), 'the vectors'),
    );
  } finally {
    frozen.kill('SIGKILL');
    other.kill('SIGKILL');
    await Promise.all([exitOf(frozen), exitOf(other)]);
  }
  t.is(campaign.requests().length, 0);
  t.is(api().embedded.length, 300);
  t.deepEqual(await run.wrong('stood_still'), []);
});
