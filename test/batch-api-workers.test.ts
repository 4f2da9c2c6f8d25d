import test from 'ava';
import { readConfig } from '../src/config.ts';
import { runProviderBatch } from '../src/worker/batch-api/provider-batch-job.ts';
import { createWorkContext } from '../src/worker/context.ts';
import { loadTarget, vectorColumn } from '../src/worker/target.ts';
import { type SentRequest, storeSentRows } from '../src/worker/writer.ts';
import { offerBatchApi } from './harness/batch-api.ts';
import { batchApiRun } from './harness/batch-api-campaign.ts';
import { isProbe, removeCampaigns, startCampaign, until } from './harness/campaign.ts';
import { exitOf } from './harness/command.ts';
import { NEW_DIMENSIONS, NEW_MODEL, wrongRows } from './harness/documents.ts';
import { vectorOf } from './harness/provider.ts';
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
const calls = (call: string) => api().calls.filter((seen) => seen === call).length;
const sql = (text: string, values: unknown[] = []) => stage.db.pool.query(text, values);
/** Texts that were sent by ordinary requests. */
const ordinary = (requests: { input: string[] }[]) => requests.flatMap(({ input }) => input);

test.serial('a text that many rows have is embedded once, whichever provider batches they are in', async (t) => {
  const campaign = await startCampaign(stage, 'prints', {
    rows: 600,
    fill: () =>
      sql(
        "UPDATE prints SET content = 'the same footer everywhere' WHERE id % 3 = 0; UPDATE prints SET content = 'header ' || id % 2 WHERE id % 5 = 0",
      ),
  });
  const distinct = await campaign.ask<number>('SELECT count(DISTINCT content)::int FROM prints');
  const { code, stderr } = await run.drain({ EMBED_BATCH_API_INPUTS: '150' });
  t.is(code, 0, stderr);
  t.true(api().batches.size >= 3);
  t.is(api().embedded.length, distinct);
  t.is(campaign.requests().length, 0);
  t.deepEqual(await wrongRows(stage.db.pool, { table: 'prints', newColumn: 'embedding_v2' }), []);
  t.is(await campaign.ask("SELECT sum(embedded_rows)::int FROM reembed.batch WHERE state = 'done'"), 600);
});

test.serial('a batch of the ledger that is too large for one of the provider is sent in parts', async (t) => {
  const campaign = await startCampaign(stage, 'tomes', { rows: 200, request: { batchRows: 200 } });
  t.is(await campaign.ask('SELECT count(*)::int FROM reembed.batch'), 1);
  const { code, stderr } = await run.drain({ EMBED_BATCH_API_INPUTS: '120' });
  t.is(code, 0, stderr);
  t.deepEqual(
    [...api().batches.values()].map(({ request_counts: counts }) => counts.total),
    [2, 2],
  );
  t.is(api().embedded.length, 200);
  t.is(campaign.requests().length, 0);
  t.deepEqual(await run.wrong('tomes'), []);
});

test.serial('npm may not keep --batch-api for itself, because the backfill would be paid in full', async (t) => {
  const { code, stderr } = await stage.workplace.run(['worker'], { npm_lifecycle_event: 'worker', npm_config_batch_api: 'true' });
  t.is(code, 2);
  t.regex(stderr, /npm consumed --batch-api as an option of its own/);
});

test.serial('two workers send disjoint rows, each batch is stored once, and never more are open than are allowed', async (t) => {
  const campaign = await startCampaign(stage, 'shared', { rows: 900 });
  let isHeld = true;
  api().script = ({ status }) => (isHeld || status === 'validating' ? 'in_progress' : 'completed');
  const env = { EMBED_BATCH_API_INPUTS: '100', EMBED_BATCH_API_OPEN: '4' };
  const workers = [1, 2].map(() => stage.workplace.start(['worker', '--batch-api'], env));
  try {
    await run.hastened(async () => {
      await until(() => campaign.ask("SELECT count(*) = 4 FROM reembed.provider_batch WHERE state = 'submitted'"), 'four batches');
      await new Promise((resolve) => setTimeout(resolve, 2000));
      t.is(api().batches.size, 4);
      isHeld = false;
      await until(() => campaign.ask("SELECT NOT EXISTS (SELECT FROM reembed.batch WHERE state = 'pending')"), 'the whole table');
    });
  } finally {
    for (const worker of workers) worker.kill('SIGTERM');
    await Promise.all(workers.map(exitOf));
  }
  t.is(api().embedded.length, 900);
  t.is(new Set(api().embedded).size, 900);
  t.is(campaign.requests().length, 0);
  t.is(await campaign.ask('SELECT sum(embedded_rows)::int FROM reembed.batch'), 900);
  t.deepEqual(await run.wrong('shared'), []);
});

test.serial('a worker without the option leaves new batches to one with it, and collects what that one left behind', async (t) => {
  const campaign = await startCampaign(stage, 'mixed', { rows: 600 });
  api().isHeld = true;
  const env = { EMBED_BATCH_API_INPUTS: '300', EMBED_BATCH_API_OPEN: '1' };
  const special = stage.workplace.start(['worker', '--batch-api'], env);
  try {
    await until(
      () => campaign.ask("SELECT EXISTS (SELECT FROM reembed.provider_batch WHERE state = 'submitted')"),
      'a batch at the provider',
    );
    const usual = stage.workplace.start(['worker']);
    await until(() => campaign.ask('SELECT count(*) = 2 FROM reembed.worker'), 'the other worker');
    await new Promise((resolve) => setTimeout(resolve, 3000));
    t.is(campaign.requests().length, 0);
    usual.kill('SIGTERM');
    await exitOf(usual);
  } finally {
    special.kill('SIGTERM');
    await exitOf(special);
  }
  api().isHeld = false;
  t.is((await run.hastened(() => stage.workplace.run(['worker', '--drain']))).code, 0);
  t.is(api().batches.size, 1);
  const texts = [...api().embedded, ...ordinary(campaign.requests())];
  t.is(texts.length, 600);
  t.is(new Set(texts).size, 600);
  t.deepEqual(await run.wrong('mixed'), []);
});

test.serial('while a campaign is paused nothing is sent, asked for or stored', async (t) => {
  const campaign = await startCampaign(stage, 'rested', { rows: 100 });
  await sql("SELECT reembed.pause('rested')");
  const worker = stage.workplace.start(['worker', '--batch-api']);
  try {
    await until(() => campaign.ask('SELECT count(*) = 1 FROM reembed.worker'), 'the worker');
    await new Promise((resolve) => setTimeout(resolve, 2000));
    t.is(await campaign.ask('SELECT count(*)::int FROM reembed.provider_batch'), 0);
    api().isHeld = true;
    await sql("SELECT reembed.resume('rested')");
    await until(
      () => campaign.ask("SELECT EXISTS (SELECT FROM reembed.provider_batch WHERE state = 'submitted')"),
      'a batch at the provider',
    );
    await sql("SELECT reembed.pause('rested')");
    api().isHeld = false;
    await run.hastened(() => new Promise((resolve) => setTimeout(resolve, 2000)));
    t.is(await campaign.ask('SELECT count(*)::int FROM rested WHERE embedding_v2 IS NOT NULL'), 0);
  } finally {
    worker.kill('SIGTERM');
    await exitOf(worker);
  }
  await sql("SELECT reembed.resume('rested')");
  t.is((await run.drain()).code, 0);
  t.deepEqual(await run.wrong('rested'), []);
  t.is(api().batches.size, 1);
});

test.serial('a worker waits for a provider that is down, and a command that a user waits for ends after its patience', async (t) => {
  const campaign = await startCampaign(stage, 'away', { rows: 60 });
  api().refuse = { call: 'GET /batches/:id', status: 503, message: 'out of order' };
  const impatient = await run.drain({ EMBED_PATIENCE_SECONDS: '2' });
  t.is(impatient.code, 1);
  t.regex(impatient.stderr, /the batch API does not answer: 503 503 out of order|does not answer: 503/);
  t.regex(await campaign.ask("SELECT string_agg(reason, ' ') FROM reembed.health"), /the batch API has not answered since/);
  api().refuse = undefined;
  t.is((await run.drain()).code, 0);
  t.deepEqual(await run.wrong('away'), []);
  t.is(api().batches.size, 1);
  t.is(calls('POST /batches'), 1);
  t.true(stage.provider.requests.every((request) => isProbe(request) || request.model !== NEW_MODEL));
});

test.serial('a batch that the provider does not know is waited for, because another key may know it', async (t) => {
  const campaign = await startCampaign(stage, 'unknown', { rows: 60 });
  api().isHeld = true;
  const worker = stage.workplace.start(['worker', '--batch-api']);
  await until(
    () => campaign.ask("SELECT EXISTS (SELECT FROM reembed.provider_batch WHERE state = 'submitted')"),
    'a batch at the provider',
  );
  worker.kill('SIGTERM');
  await exitOf(worker);
  const kept = new Map(api().batches);
  api().batches.clear();
  t.is((await run.drain({ EMBED_PATIENCE_SECONDS: '2' })).code, 1);
  t.is(await campaign.ask('SELECT count(*)::int FROM reembed.batch WHERE came_back'), 0);
  api().batches = kept;
  api().isHeld = false;
  t.is((await run.drain()).code, 0);
  t.is(campaign.requests().length, 0);
  t.deepEqual(await run.wrong('unknown'), []);
});

test.serial('a worker that stores rows of which another has stored some stores the others', async (t) => {
  const campaign = await startCampaign(stage, 'doubled', { rows: 40 });
  const config = readConfig({ ...stage.db.env, OPENAI_API_KEY: 'test', OPENAI_BASE_URL: stage.provider.url });
  const context = createWorkContext(stage.database, config, () => {});
  const id = await campaign.ask<string>('SELECT reembed.claim_provider_batch(1000, 1)');
  await runProviderBatch(context, { id });
  const { rows: sent } = await sql(
    `SELECT r.position, r.batch::integer, r.key::text AS "keyText", r.text_hash::text AS "textHash", r.wave, d.content
       FROM reembed.provider_batch_row AS r JOIN doubled AS d ON d.id = (r.key ->> 'id')::bigint WHERE r.batch = 1 AND r.request = 1 ORDER BY r.position`,
  );
  const items: SentRequest['items'] = sent.map((row) => ({ ...row, wave: 1, vector: vectorOf(NEW_MODEL, row.content, NEW_DIMENSIONS) }));
  const target = await loadTarget(stage.db.pool, campaign.target);
  const vector = target && vectorColumn(target, 'new');
  if (!target || !vector) return t.fail();
  const store = (some: SentRequest['items']) =>
    storeSentRows(
      stage.db.pool,
      context.pacingOf(target.name),
      { target, vector },
      { providerBatch: id, request: 1, items: some, tokens: 100 },
    );
  t.is(await store(items.slice(0, 3)), 3);
  t.is(await store(items), items.length - 3);
  t.is(await store(items), 0);
  t.deepEqual(await run.wrong('doubled'), []);
  t.is(await campaign.ask('SELECT sum(tokens)::int FROM reembed.batch'), 100);
  t.is(await campaign.ask('SELECT sum(requests)::int FROM reembed.batch'), 1);
});
