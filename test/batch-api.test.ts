import test from 'ava';
import { offerBatchApi, type ServedLine } from './harness/batch-api.ts';
import { batchApiRun } from './harness/batch-api-campaign.ts';
import { removeCampaigns, startCampaign, until } from './harness/campaign.ts';
import { exitOf } from './harness/command.ts';
import { NEW_MODEL, wrongRows } from './harness/documents.ts';
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
const refusedLine = { status: 400, body: { error: { message: 'a text of this request is too long', code: 'context_length' } } };
/** Texts that were sent by ordinary requests. */
const ordinary = (requests: { input: string[] }[]) => requests.flatMap(({ input }) => input);

for (const storage of ['column', 'side-table'] as const) {
  test.serial(`a whole backfill goes through the batch API, with the right vectors and at half the price: ${storage}`, async (t) => {
    const table = storage === 'column' ? 'pages' : 'leaves';
    const campaign = await startCampaign(stage, table, { rows: 600, request: { storage } });
    await sql('UPDATE reembed.model SET usd_per_million_tokens = 1000 WHERE name = $1', [NEW_MODEL]);
    api().script = () => undefined;
    const { code, stderr } = await run.drain();
    t.is(code, 0, stderr);
    const beside = `(SELECT side.embedding FROM ${table}_new_model_vectors AS side WHERE side.id = ${table}.id)`;
    t.deepEqual(await wrongRows(stage.db.pool, { table, newColumn: storage === 'column' ? 'embedding_v2' : beside }), []);
    t.is(campaign.requests(NEW_MODEL).length, 0, 'no row was embedded by an ordinary request');
    t.is(api().embedded.length, 600);
    const { rows } = await sql(
      'SELECT tokens::int, cost_usd::float AS cost, cost_usd_expected::float AS expected, rows_at_batch_api::int AS open, done::int FROM reembed.progress',
    );
    const [progress] = rows;
    t.true(progress.tokens > 600);
    t.is(progress.cost, (progress.tokens * 1000) / 1_000_000 / 2);
    t.is(progress.expected, progress.cost);
    t.is(progress.open, 0);
    t.is(progress.done, 600);
    t.is(await campaign.ask('SELECT count(*)::int FROM reembed.provider_batch_row'), 0);
    t.is(api().files.size, 0, 'no text and no vector is left at the provider');
    t.is(await campaign.ask('SELECT sum(embedded_rows)::int FROM reembed.batch'), 600);
  });
}

test.serial('progress and status show the rows that are at the batch API, and changed rows do not wait for it', async (t) => {
  const campaign = await startCampaign(stage, 'articles', { rows: 300 });
  api().isHeld = true;
  const worker = stage.workplace.start(['worker', '--batch-api']);
  try {
    await until(
      () => campaign.ask("SELECT EXISTS (SELECT FROM reembed.provider_batch WHERE state = 'submitted')"),
      'a batch at the provider',
    );
    t.is(await campaign.ask('SELECT rows_at_batch_api::int FROM reembed.progress'), 300);
    t.is(await campaign.ask('SELECT done::int FROM reembed.progress'), 0);
    t.regex((await stage.workplace.run(['status'])).stdout, /batch API\s+300 rows: select \* from reembed\.provider_batch/);
    await sql("UPDATE articles SET content = 'changed ' || id WHERE id <= 20");
    await sql('DELETE FROM articles WHERE id BETWEEN 21 AND 30');
    await sql("INSERT INTO articles (content) SELECT 'inserted ' || i FROM generate_series(1, 5) AS i");
    await until(async () => (await sql('SELECT FROM reembed.change')).rowCount === 0, 'the changed rows');
    t.is(await campaign.ask('SELECT count(*)::int FROM articles WHERE embedding_v2 IS NOT NULL'), 25);
    // One is changed when its vector is about to come.
    await sql("UPDATE articles SET content = 'changed at the last moment' WHERE id = 100");
    api().isHeld = false;
  } finally {
    worker.kill('SIGTERM');
    await exitOf(worker);
  }
  t.is((await run.drain()).code, 0);
  t.deepEqual(await run.wrong('articles'), []);
  t.is(api().batches.size, 1);
});

test.serial('a vector that comes for a text which was changed meanwhile is not stored', async (t) => {
  const campaign = await startCampaign(stage, 'drafts', { rows: 60 });
  api().isHeld = true;
  const worker = stage.workplace.start(['worker', '--batch-api']);
  try {
    await until(
      () => campaign.ask("SELECT EXISTS (SELECT FROM reembed.provider_batch WHERE state = 'submitted')"),
      'a batch at the provider',
    );
  } finally {
    worker.kill('SIGTERM');
    await exitOf(worker);
  }
  await sql("UPDATE drafts SET content = 'written anew ' || id WHERE id <= 10");
  api().isHeld = false;
  // Changes are kept from the workers, so that whatever gets a vector gets it from the batch.
  const log = await campaign.ask<string>("SELECT 'reembed.change_' || suffix FROM reembed.target");
  await sql(`CREATE TABLE notes AS SELECT * FROM ${log}; DELETE FROM ${log}`);
  const working = stage.workplace.start(['worker', '--batch-api']);
  try {
    await run.hastened(() =>
      until(
        () => campaign.ask("SELECT NOT EXISTS (SELECT FROM reembed.provider_batch WHERE state <> 'settled')"),
        'the batch to be settled',
      ),
    );
    t.is(await campaign.ask('SELECT stored_rows::int FROM reembed.provider_batch'), 50);
  } finally {
    working.kill('SIGTERM');
    await exitOf(working);
  }
  await sql(`INSERT INTO ${log} (key_1, needs_new, needs_old) SELECT key_1, needs_new, needs_old FROM notes; DROP TABLE notes`);
  t.is((await run.drain()).code, 0);
  t.deepEqual(await run.wrong('drafts'), []);
});

test.serial('the rows of a request that failed are embedded by ordinary requests, which set the one at fault aside', async (t) => {
  const campaign = await startCampaign(stage, 'letters', {
    rows: 600,
    fill: () => sql("UPDATE letters SET content = 'refused' WHERE id IN (100, 400)"),
  });
  const isRefused = ({ input }: { input: string[] }) => input.some((text) => text.includes('refused'));
  api().scriptLine = ({ body }) => (isRefused(body) ? refusedLine : 'good');
  stage.provider.script = (request) => (isRefused(request) ? { status: 400, body: { error: { message: 'too long' } } } : undefined);
  const { code, stderr } = await run.drain();
  t.is(code, 0, stderr);
  t.is(await campaign.failures(), 2);
  t.deepEqual(await run.wrong('letters'), ['100 old', '100 new', '400 old', '400 new']);
  t.true(ordinary(campaign.requests()).length < 250, 'only the requests at fault are paid in full');
  t.is(await campaign.ask('SELECT error_code FROM reembed.provider_batch'), 'incomplete');
  t.regex(
    await campaign.ask('SELECT error FROM reembed.provider_batch'),
    /^[12] requests? returned no vectors \(400 context_length: [12]\)/,
  );
});

test.serial('vectors that are wrong are not stored, whatever the provider calls them', async (t) => {
  await startCampaign(stage, 'songs', { rows: 300 });
  const bodies = [
    { data: [] },
    { data: [{ index: 0, embedding: [1, 2, 3] }] },
    null,
    'no JSON object',
    { data: Array.from({ length: 50 }, (_, index) => ({ index, embedding: new Array(24).fill(0) })) },
  ];
  api().scriptLine = (_: ServedLine, position) => (position < bodies.length ? { status: 200, body: bodies[position] } : 'good');
  t.is((await run.drain()).code, 0);
  t.deepEqual(await run.wrong('songs'), []);
  t.regex(
    (await sql('SELECT error FROM reembed.provider_batch')).rows[0].error,
    /^5 requests returned no vectors \((wrong_count: 4, zero_vector: 1|zero_vector: 1, wrong_count: 4)\)/,
  );
});

for (const state of ['expired', 'cancelled']) {
  test.serial(`of a batch that is ${state} what was answered is used, and the rest embedded by ordinary requests`, async (t) => {
    const table = `poems_${state}`;
    const campaign = await startCampaign(stage, table, { rows: 600 });
    api().script = () => state;
    api().scriptLine = (_, position) => (position < 6 ? 'good' : 'expired');
    t.is((await run.drain()).code, 0);
    t.deepEqual(await run.wrong(table), []);
    const texts = [...api().embedded, ...ordinary(campaign.requests())];
    t.is(texts.length, 600, 'nothing was paid for twice');
    t.is(new Set(texts).size, 600);
    t.true(api().embedded.length >= 100);
    t.is(api().batches.size, 1, 'what came back is not sent again');
  });
}

test.serial('a batch that fails as a whole goes back, no other is sent for an hour, and health says why', async (t) => {
  const campaign = await startCampaign(stage, 'plays', { rows: 300 });
  api().script = () => 'failed';
  const env = { EMBED_BATCH_API_INPUTS: '150' };
  const worker = stage.workplace.start(['worker', '--batch-api'], env);
  try {
    await run.hastened(() =>
      until(() => campaign.ask("SELECT count(*) > 0 FROM reembed.batch WHERE state = 'done' AND came_back"), 'what came back'),
    );
    await until(
      async () => (await campaign.ask<number>("SELECT count(*)::int FROM reembed.batch WHERE state = 'pending' AND came_back")) === 0,
      'all of it',
    );
  } finally {
    worker.kill('SIGTERM');
    await exitOf(worker);
  }
  t.is(api().batches.size, 1, 'the first has to pass before others follow');
  t.true((await campaign.ask<number>("SELECT count(*)::int FROM reembed.batch WHERE state = 'pending'")) > 0);
  t.regex(
    await campaign.ask("SELECT string_agg(reason, ' ') FROM reembed.health"),
    /no batch is submitted to the batch API before \d\d:\d\d:\d\d, because the last one failed \(scripted: the provider failed it as a whole\)/,
  );
  t.regex(await campaign.ask('SELECT error FROM reembed.provider_batch'), /the provider failed it as a whole/);
  // Without a worker for the batch API the rest is nobody's but the ordinary lane's.
  t.is((await stage.workplace.run(['worker', '--drain'])).code, 0);
  t.deepEqual(await run.wrong('plays'), []);
});

test.serial('batches become smaller when the provider takes fewer tokens, and nothing is paid in full for it', async (t) => {
  const campaign = await startCampaign(stage, 'volumes', {
    rows: 260,
    request: { batchRows: 20 },
    fill: () => sql("UPDATE volumes SET content = repeat('winter engine garden silver ', 130) || id"),
  });
  api().mostTokens = 150_000;
  const env = { EMBED_PATIENCE_SECONDS: '60' };
  const forgetting = setInterval(() => void sql('UPDATE reembed.provider_batch SET holds_until = NULL').catch(() => {}), 500);
  try {
    const { code, stderr } = await run.drain(env);
    t.is(code, 0, stderr);
  } finally {
    clearInterval(forgetting);
  }
  t.is(campaign.requests().length, 0);
  t.deepEqual(await wrongRows(stage.db.pool, { table: 'volumes', newColumn: 'embedding_v2' }), []);
  t.is(api().embedded.length, 260);
  t.true((await campaign.ask<number>("SELECT count(*)::int FROM reembed.provider_batch WHERE error_code = 'token_limit_exceeded'")) <= 2);
  t.true((await campaign.ask<number>('SELECT max(tokens_expected)::int FROM reembed.provider_batch WHERE error_code IS NULL')) <= 130_000);
});
