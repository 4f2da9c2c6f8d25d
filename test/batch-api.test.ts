import test from 'ava';
import { resetBatchApi, type ServedLine } from './harness/batch-api.ts';
import { batchApiRun, exitOf } from './harness/batch-api-campaign.ts';
import { isProbe, removeCampaigns, startCampaign, until } from './harness/campaign.ts';
import { NEW_MODEL, wrongRows } from './harness/documents.ts';
import { createStage, type Stage } from './harness/stage.ts';

let stage: Stage;
let run: ReturnType<typeof batchApiRun>;

test.before(async () => {
  stage = await createStage();
  run = batchApiRun(stage);
});
test.beforeEach(() => {
  resetBatchApi(stage.provider.batchApi);
  stage.provider.batchApi.isOffered = true;
  stage.provider.batchApi.script = () => 'completed';
});
test.afterEach.always(() => removeCampaigns(stage));
test.after.always(() => stage?.close());

const api = () => stage.provider.batchApi;
const calls = (call: string) => api().calls.filter((seen) => seen === call).length;
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
  const campaign = await startCampaign(stage, 'news', { rows: 300 });
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
    await sql("UPDATE news SET content = 'changed ' || id WHERE id <= 20");
    await sql('DELETE FROM news WHERE id BETWEEN 21 AND 30');
    await sql("INSERT INTO news (content) SELECT 'inserted ' || i FROM generate_series(1, 5) AS i");
    await until(async () => (await sql('SELECT FROM reembed.stale_row')).rowCount === 0, 'the changed rows');
    t.is(await campaign.ask('SELECT count(*)::int FROM news WHERE embedding_v2 IS NOT NULL'), 25);
    // One is changed when its vector is about to come.
    await sql("UPDATE news SET content = 'changed at the last moment' WHERE id = 100");
    api().isHeld = false;
  } finally {
    worker.kill('SIGTERM');
    await exitOf(worker);
  }
  t.is((await run.drain()).code, 0);
  t.deepEqual(await run.wrong('news'), []);
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
  // Notes are kept from the workers, so that whatever gets a vector gets it from the batch.
  await sql('CREATE TABLE notes AS SELECT * FROM reembed.stale_row; DELETE FROM reembed.stale_row');
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
  await sql('INSERT INTO reembed.stale_row SELECT * FROM notes; DROP TABLE notes');
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
  t.regex(await campaign.ask('SELECT error FROM reembed.provider_batch'), /^[12] requests brought no vectors \(400 context_length: [12]\)/);
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
    /^5 requests brought no vectors \((wrong_count: 4, zero_vector: 1|zero_vector: 1, wrong_count: 4)\)/,
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
    /the batch API gets no batch before \d\d:\d\d:\d\d, because the last one failed \(scripted: scripted failure\)/,
  );
  t.regex(await campaign.ask('SELECT error FROM reembed.provider_batch'), /scripted failure/);
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

test.serial('vectors that arrive for a campaign which was taken back and begun again are refused', async (t) => {
  const campaign = await startCampaign(stage, 'charts', { rows: 60 });
  const id = await campaign.ask<string>('SELECT reembed.claim_provider_batch(100, 1)');
  await sql('SELECT reembed.begin_submission($1)', [id]);
  const hash = await campaign.ask<string>('SELECT reembed.text_hash(content)::text FROM charts WHERE id = 1');
  await sql(`SELECT reembed.record_sent_rows($1, 1, 1, '{1}', '{0}', '{0}', '{1}', '{"{\\"id\\": 1}"}', ARRAY[$2::bigint], '{1}')`, [
    id,
    hash,
  ]);
  await sql("UPDATE reembed.provider_batch SET state = 'submitted', input_file_id = 'file', provider_batch_id = 'batch'");
  await stage.bring(campaign.name, 'expand');
  await stage.bring(campaign.name, 'backfill');
  t.is(await campaign.ask('SELECT state FROM reembed.provider_batch WHERE id = $1', [id]), 'abandoned');
  const vector = `[${new Array(24).fill(1)}]`;
  await t.throwsAsync(sql(`SELECT reembed.store_sent_rows($1, 1, '{0}', ARRAY[$2::vector], 'embedding_v2', 5, 1)`, [id, vector]), {
    message: /not wanted any more; nothing was stored/,
  });
  await t.throwsAsync(
    sql(`SELECT reembed.record_sent_rows($1, 1, 1, '{2}', '{0}', '{0}', '{1}', '{"{\\"id\\": 1}"}', ARRAY[$2::bigint], '{1}')`, [id, hash]),
    { message: /not wanted any more/ },
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
  t.is(await campaign.ask('SELECT count(*)::int FROM reembed.provider_batch WHERE migration = $1', [campaign.name]), 0);
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
  t.regex(stderr, /refused a batch: 400 key \[key\] may not make batches \[batch_api_refused\]/);
  t.regex(await campaign.ask('SELECT error FROM reembed.provider_batch'), /refused a batch: 400 key \[key\] may not/);
  t.is(await campaign.ask('SELECT count(*)::int FROM reembed.batch WHERE came_back OR provider_batch IS NOT NULL'), 0);
  t.is(api().files.size, 0);
  t.false(await campaign.ask('SELECT paused FROM reembed.setting'));
  t.is((await stage.workplace.run(['worker', '--drain'])).code, 0);
  t.deepEqual(await run.wrong('walled'), []);
});

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
  t.regex(stderr, /npm took --batch-api for itself/);
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

test.serial('a provider that is away is waited for, and where somebody waits the command ends after its patience', async (t) => {
  const campaign = await startCampaign(stage, 'away', { rows: 60 });
  api().refuse = { call: 'GET /batches/:id', status: 503, message: 'out of order' };
  const impatient = await run.drain({ EMBED_PATIENCE_SECONDS: '2' });
  t.is(impatient.code, 1);
  t.regex(impatient.stderr, /the batch API does not answer: 503 503 out of order|does not answer: 503/);
  t.regex(await campaign.ask("SELECT string_agg(reason, ' ') FROM reembed.health"), /the batch API does not answer since/);
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
