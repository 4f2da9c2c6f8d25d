import test from 'ava';
import { readConfig } from '../src/config.ts';
import { createPool } from '../src/database/connection.ts';
import { runProviderBatch } from '../src/worker/batch-api/provider-batch-job.ts';
import { runBatch } from '../src/worker/batch-job.ts';
import { createWorkContext } from '../src/worker/context.ts';
import { offerBatchApi } from './harness/batch-api.ts';
import { batchApiRun } from './harness/batch-api-campaign.ts';
import { removeCampaigns, startCampaign, until } from './harness/campaign.ts';
import { exitOf } from './harness/command.ts';
import { EARLY_ERROR, openEarlyErrors } from './harness/early-errors.ts';
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
test.afterEach.always(() => removeCampaigns(stage));
test.after.always(() => stage?.close());

const api = () => stage.provider.batchApi;
const sql = (text: string, values: unknown[] = []) => stage.db.pool.query(text, values);
// A row that another session has locked: the embedded database has only one.
const testOnServer = process.env.TEST_DATABASE_URL ? test : undefined;

test.serial('a campaign that is taken back cancels its batches at the provider, and nothing of them is stored', async (t) => {
  const campaign = await startCampaign(stage, 'maps', { rows: 300 });
  api().isHeld = true;
  const worker = stage.workplace.start(['worker', '--batch-api']);
  try {
    await until(
      () => campaign.ask("SELECT EXISTS (SELECT FROM reembed.provider_batch WHERE state = 'submitted')"),
      'a batch at the provider',
    );
    await stage.bring(campaign.name, 'expand');
    t.is(await campaign.ask('SELECT count(*)::int FROM reembed.provider_batch_row'), 0);
    await until(() => [...api().batches.values()][0]?.status === 'cancelling', 'the batch to be cancelled');
    api().isHeld = false;
    api().script = () => undefined;
    await run.hastened(() => until(() => campaign.ask('SELECT NOT EXISTS (SELECT FROM reembed.provider_batch)'), 'the record to go'));
  } finally {
    worker.kill('SIGTERM');
    await exitOf(worker);
  }
  t.is([...api().batches.values()][0]?.status, 'cancelled');
  t.is(api().files.size, 0);
  t.is(await campaign.ask('SELECT count(*)::int FROM maps WHERE embedding_v2 IS NOT NULL'), 0);
});

test.serial('an abandoned batch whose provider is no longer configured is forgotten once its day is over', async (t) => {
  const campaign = await startCampaign(stage, 'globes', { rows: 60 });
  const id = await campaign.ask<string>('SELECT reembed.claim_provider_batch(100, 1)');
  await stage.bring(campaign.name, 'expand');
  const age = (days: number) =>
    sql("UPDATE reembed.provider_batch SET provider = 'gone', created_at = now() - make_interval(days => $2) WHERE id = $1", [id, days]);
  const context = createWorkContext(stage.database, readConfig({}), () => {});
  const isKept = () => campaign.ask<boolean>("SELECT EXISTS (SELECT FROM reembed.provider_batch WHERE state = 'abandoned')");
  await age(0);
  await runProviderBatch(context, { id });
  t.true(await isKept());
  await age(3);
  await runProviderBatch(context, { id });
  t.false(await isKept());
});

test.serial('vectors that arrive for a campaign which was taken back and begun again are refused', async (t) => {
  const campaign = await startCampaign(stage, 'charts', { rows: 60 });
  const id = await campaign.ask<string>('SELECT reembed.claim_provider_batch(100, 1)');
  await sql('SELECT reembed.begin_submission($1)', [id]);
  const hash = await campaign.ask<string>('SELECT reembed.text_hash(content)::text FROM charts WHERE id = 1');
  await sql(
    `SELECT reembed.record_sent_rows($1, 1, 1, '{1}', '{0}', '{0}', '{1}', '{"{\\"id\\": 1}"}', ARRAY[$2::bigint], '{NULL}', '{1}')`,
    [id, hash],
  );
  await sql("UPDATE reembed.provider_batch SET state = 'submitted', input_file_id = 'file', provider_batch_id = 'batch'");
  await stage.bring(campaign.name, 'expand');
  await stage.bring(campaign.name, 'backfill');
  t.is(await campaign.ask('SELECT state FROM reembed.provider_batch WHERE id = $1', [id]), 'abandoned');
  const vector = `[${new Array(24).fill(1)}]`;
  await t.throwsAsync(sql(`SELECT reembed.settle_sent_rows($1, 1, 1, '{0}', ARRAY[$2::vector], '{}', '[]', 5, 1)`, [id, vector]), {
    message: /already finished or abandoned; nothing was stored/,
  });
  await t.throwsAsync(
    sql(`SELECT reembed.record_sent_rows($1, 1, 1, '{2}', '{0}', '{0}', '{1}', '{"{\\"id\\": 1}"}', ARRAY[$2::bigint], '{NULL}', '{1}')`, [
      id,
      hash,
    ]),
    { message: /was abandoned, or another worker submits it/ },
  );
  t.is(await campaign.ask('SELECT count(*)::int FROM charts WHERE embedding_v2 IS NOT NULL'), 0);
  // One that never was at the provider is forgotten by the next worker.
  t.is((await stage.workplace.run(['worker', '--drain'])).code, 0);
  t.is(await campaign.ask('SELECT count(*)::int FROM reembed.provider_batch'), 0);
});

test.serial('a provider without a batch API is refused with the reason, and nothing is set aside', async (t) => {
  const campaign = await startCampaign(stage, 'plain', { rows: 60 });
  for (const options of [['--drain'], []]) {
    api().isOffered = false;
    const { code, stderr } = await stage.workplace.run(['worker', '--batch-api', ...options]);
    t.is(code, 1);
    t.regex(
      stderr,
      /^reembed: the provider at 127\.0\.0\.1:\d+ offers no batch API \(404\) \[batch_api_missing\] - leave out --batch-api/m,
    );
  }
  t.is(await campaign.ask('SELECT count(*)::int FROM reembed.provider_batch WHERE campaign = $1', [campaign.name]), 0);
  t.false(await campaign.ask('SELECT paused FROM reembed.setting'));
  const { code, stderr } = await stage.workplace.run(['worker', '--batch-api', '--limit', '10']);
  t.is(code, 2, stderr);
  t.is((await stage.workplace.run(['worker', '--drain'])).code, 0);
  t.deepEqual(await run.wrong('plain'), []);
});

test.serial('a provider that lists batches and takes none ends the worker with its reason, without its key', async (t) => {
  const campaign = await startCampaign(stage, 'walled', { rows: 60 });
  api().refuse = { call: 'POST /batches', status: 400, message: 'key test-secret-key may not make batches' };
  const { code, stderr } = await stage.workplace.run(['worker', '--batch-api', '--drain'], { OPENAI_API_KEY: 'test-secret-key' });
  t.is(code, 1);
  t.regex(stderr, /refused a batch: 400 \[batch_api_refused\]/);
  t.regex(await campaign.ask('SELECT error FROM reembed.provider_batch'), /refused a batch: 400$/);
  t.regex(await campaign.ask("SELECT words FROM reembed.words WHERE subject = 'batch API'"), /key \[key\] may not make batches/);
  t.is(await campaign.ask('SELECT count(*)::int FROM reembed.batch WHERE came_back OR provider_batch IS NOT NULL'), 0);
  t.is(api().files.size, 0);
  t.false(await campaign.ask('SELECT paused FROM reembed.setting'));
  t.is((await stage.workplace.run(['worker', '--drain'])).code, 0);
  t.deepEqual(await run.wrong('walled'), []);
});

test.serial('a row that its table refuses does not keep the other rows of a provider batch from being stored', async (t) => {
  const campaign = await startCampaign(stage, 'atlases', { rows: 120 });
  await sql(`
    CREATE OR REPLACE FUNCTION refuse_some() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF NEW.id = 7 THEN RAISE EXCEPTION 'not this one'; ELSIF NEW.id = 60 THEN RETURN NULL; END IF;
      RETURN NEW; END $$;
    CREATE TRIGGER refuse_some BEFORE UPDATE ON atlases FOR EACH ROW EXECUTE FUNCTION refuse_some()`);
  const { code, stderr } = await run.drain();
  t.is(code, 0, stderr);
  const { rows } = await sql("SELECT key ->> 'id' AS id, class FROM reembed.failed_row WHERE target = $1 ORDER BY 1", [campaign.target]);
  t.deepEqual(rows, [
    { id: '60', class: 'write_skipped' },
    { id: '7', class: 'row_refused' },
  ]);
  t.deepEqual(await run.wrong('atlases'), ['60 new', '7 new']);
  t.deepEqual(campaign.requests(), [], 'no row is embedded a second time by an ordinary request');
  t.is(await campaign.ask('SELECT count(*)::int FROM reembed.provider_batch_row'), 0);
});

testOnServer?.serial('a refused row is recorded though its lock outlives the report of the error', async (t) => {
  const campaign = await startCampaign(stage, 'gazetteers', { rows: 120 });
  await sql(`
    CREATE OR REPLACE FUNCTION refuse_late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF NEW.id IN (7, 60) THEN
        RAISE NOTICE '${EARLY_ERROR}' USING ERRCODE = 'P0001';
        PERFORM pg_sleep(0.2);
        RAISE EXCEPTION 'the server gets to it';
      END IF;
      RETURN NEW; END $$;
    CREATE TRIGGER refuse_late BEFORE UPDATE ON gazetteers FOR EACH ROW EXECUTE FUNCTION refuse_late()`);
  const early = await openEarlyErrors(stage.db.url);
  const pool = createPool(early.url, 4);
  try {
    const config = readConfig({ ...stage.db.env, OPENAI_API_KEY: 'test', OPENAI_BASE_URL: stage.provider.url });
    const context = createWorkContext({ ...stage.database, pool }, config, () => {});
    const id = await campaign.ask<string>('SELECT reembed.claim_provider_batch(50, 1)');
    await runProviderBatch(context, { id });
    await runProviderBatch(context, { id });
    await runBatch(context, { campaign: campaign.name, batch: 2 });
  } finally {
    await pool.end();
    early.close();
  }
  const { rows } = await sql("SELECT key ->> 'id' AS id, class FROM reembed.failed_row WHERE target = $1 ORDER BY key", [campaign.target]);
  t.deepEqual(rows, [
    { id: '7', class: 'row_refused' },
    { id: '60', class: 'row_refused' },
  ]);
  t.deepEqual(await campaign.ask("SELECT array_agg(id::int ORDER BY id) FROM reembed.batch WHERE state = 'done'"), [1, 2]);
});
