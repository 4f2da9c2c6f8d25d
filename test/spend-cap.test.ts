import test from 'ava';
import { offerBatchApi } from './harness/batch-api.ts';
import { batchApiRun } from './harness/batch-api-campaign.ts';
import { type Campaign, isProbe, removeCampaigns, startCampaign, until } from './harness/campaign.ts';
import { exitOf } from './harness/command.ts';
import { createDocuments, NEW_MODEL, OLD_MODEL, wrongRows } from './harness/documents.ts';
import { createStage, type Stage } from './harness/stage.ts';

let stage: Stage;

test.before(async () => {
  stage = await createStage();
});
test.afterEach.always(async () => {
  await removeCampaigns(stage);
  await sql('UPDATE reembed.model SET usd_per_million_tokens = NULL');
});
test.after.always(() => stage?.close());

const sql = (text: string, values: unknown[] = []) => stage.db.pool.query(text, values);
const SMALL_REQUESTS = { EMBED_REQUEST_INPUTS: '5', EMBED_CONCURRENCY: '4' };

/** Tokens as the provider of the tests counts them. */
const sentTokens = () =>
  stage.provider.requests.filter((seen) => !isProbe(seen)).reduce((sum, { input }) => sum + (input.join(' ').length >> 2), 0);

/** A campaign whose expected tokens are never fewer than those the provider counts. */
async function start(table: string, rows: number): Promise<Campaign> {
  const campaign = await startCampaign(stage, table, { rows });
  await sql('UPDATE reembed.campaign SET tokens_per_character = 0.26 WHERE name = $1', [campaign.name]);
  return campaign;
}

const pause = async () => (await sql('SELECT paused, paused_by, paused_reason FROM reembed.setting')).rows[0];
const progress = async () =>
  (
    await sql(
      'SELECT tokens::int, max_tokens::int, spent_tokens::int AS spent, spent_usd::float AS usd, done::int, total::int FROM reembed.progress',
    )
  ).rows[0];

test.serial('two workers together stay within max_tokens, pause with the figures, and go on when the cap is raised', async (t) => {
  await start('capped', 400);
  await sql('UPDATE reembed.setting SET max_tokens = 1000');
  const workers = [1, 2].map(() => stage.workplace.start(['worker'], SMALL_REQUESTS));
  let said = '';
  for (const worker of workers) worker.stderr?.on('data', (chunk) => (said += chunk));
  await until(async () => (await pause()).paused, 'a pause at the cap');
  for (const worker of workers) worker.kill('SIGTERM');
  await Promise.all(workers.map(exitOf));
  t.true(sentTokens() <= 1000, `${sentTokens()} tokens sent`);
  t.true(sentTokens() > 500, `${sentTokens()} tokens sent`);
  const { paused_by, paused_reason } = await pause();
  t.is(paused_by, 'spend_cap');
  t.regex(
    paused_reason,
    /^the spend cap is reached: \d+ of 1,000 tokens \(max_tokens\) are spent or reserved, and the next request needs about \d+ tokens$/,
  );
  t.regex(said, /is paused: the spend cap is reached/);
  const { spent, done, tokens } = await progress();
  t.is(spent, sentTokens());
  t.is(tokens, spent, 'every answer that was paid for was stored');
  t.true(done > 0);
  t.is(await stage.db.pool.query('SELECT FROM reembed.batch WHERE failed_at IS NOT NULL').then(({ rowCount }) => rowCount), 0);
  t.regex((await stage.workplace.run(['status'])).stdout, /tokens +.*; spend cap: \d+ of 1,000 tokens/);

  const refused = await stage.workplace.run(['worker', '--drain'], SMALL_REQUESTS);
  t.is(refused.code, 1);
  t.regex(refused.stderr, /is paused: the spend cap is reached/);

  const raised = await stage.workplace.run(['setting', '--', 'max_tokens=100000', 'paused=false']);
  t.is(raised.code, 0, raised.stderr);
  const { code, stderr } = await stage.workplace.run(['worker', '--drain'], SMALL_REQUESTS);
  t.is(code, 0, stderr);
  t.is((await progress()).spent, sentTokens());
  t.deepEqual(await wrongRows(stage.db.pool, { table: 'capped', newColumn: 'embedding_v2' }), []);
});

test.serial('a pause that is ended without raising the cap is back before the next request', async (t) => {
  const campaign = await start('stubborn', 200);
  await sql('UPDATE reembed.setting SET max_tokens = 300');
  await stage.workplace.run(['worker', '--drain'], SMALL_REQUESTS);
  const before = campaign.requests().length;
  // Answers that cost less than expected may have left room for one request more.
  await sql('UPDATE reembed.setting SET paused = false, max_tokens = (SELECT p.tokens FROM reembed.spending AS p WHERE p.campaign = $1)', [
    campaign.name,
  ]);
  const { code, stderr } = await stage.workplace.run(['worker', '--drain'], SMALL_REQUESTS);
  t.is(code, 1);
  t.regex(stderr, /the spend cap is reached/);
  t.is(campaign.requests().length, before);
});

test.serial('max_usd counts the changed rows of both models, each at its price, and what came before the cap', async (t) => {
  await start('priced', 60);
  await sql('UPDATE reembed.model SET usd_per_million_tokens = CASE name WHEN $1 THEN 100 ELSE 200 END', [NEW_MODEL]);
  await sql('UPDATE reembed.setting SET max_usd = 5');
  t.is((await stage.workplace.run(['worker', '--drain'])).code, 0);
  const { tokens, usd } = await progress();
  t.true(Math.abs(usd - tokens * 0.0001) < 1e-6);
  await sql(`UPDATE priced SET content = 'changed ' || id WHERE id <= 10`);
  t.is((await stage.workplace.run(['worker', '--drain'])).code, 0);
  const after = await progress();
  t.is(after.spent, after.tokens);
  const changed = (after.tokens - tokens) / 2;
  t.true(Math.abs(after.usd - usd - changed * 0.0003) < 1e-6, JSON.stringify(after));
  // Set anew, the cap starts from the ledger.
  await sql('UPDATE reembed.setting SET max_usd = NULL');
  await sql('UPDATE reembed.setting SET max_tokens = $1', [after.tokens + 1]);
  await sql(`UPDATE priced SET content = 'changed once more ' || id WHERE id <= 10`);
  const { code, stderr } = await stage.workplace.run(['worker', '--drain']);
  t.is(code, 1);
  t.regex(stderr, new RegExp(`${after.tokens} of ${after.tokens + 1} tokens`));
});

test.serial('a request that the provider did not serve does not count', async (t) => {
  await start('retried', 20);
  await sql('UPDATE reembed.setting SET max_tokens = 100000');
  let asked = 0;
  stage.provider.script = (request) => {
    if (isProbe(request)) return undefined;
    asked += 1;
    return asked <= 3 ? { status: 503, headers: { 'retry-after-ms': '10' } } : undefined;
  };
  const { code, stderr } = await stage.workplace.run(['worker', '--drain'], SMALL_REQUESTS);
  t.is(code, 0, stderr);
  const { spent, tokens } = await progress();
  t.is(spent, tokens);
  t.true(sentTokens() > spent);
});

test.serial('max_usd is refused for a model without a price, by the setting and by create', async (t) => {
  await start('priceless', 10);
  const set = await stage.workplace.run(['setting', '--', 'max_usd=5']);
  t.is(set.code, 1);
  t.regex(set.stderr, /max_usd needs the price of the new model of public\.priceless\.embedding, which is not known/);
  t.is((await stage.workplace.run(['setting', '--', 'max_tokens=5'])).code, 0);
  await createDocuments(stage.db.pool, 10, { table: 'planned', index: false });
  const create = [
    'migrate',
    'create',
    '--table',
    'planned',
    '--text',
    'content',
    '--no-probe',
    '--dry-run',
    '--to',
    'some-model',
    '--dimensions',
    '8',
    '--from',
    OLD_MODEL,
  ];
  const refused = await stage.workplace.run([...create, '--max-usd', '5']);
  t.is(refused.code, 2);
  t.regex(refused.stderr, /--max-usd needs the price of some-model/);
  const accepted = await stage.workplace.run([...create, '--max-usd', '5', '--max-tokens', '10', '--price', '0.02']);
  t.is(accepted.code, 0, accepted.stderr);
  t.regex(accepted.stderr, /cap +10 tokens and \$5\.00: at this spend/);
  t.regex(accepted.stderr, /the spend cap is below the estimate/);
  t.regex(accepted.stdout, /p_max_tokens => 10,\n +p_max_usd => 5\n/);
  await sql('DROP TABLE planned');
});

test.serial('create writes the cap into the campaign', async (t) => {
  const campaign = await startCampaign(stage, 'born_capped', { rows: 10, request: { maxTokens: 123, maxUsd: 0.5, price: 0.02 } });
  t.deepEqual((await sql('SELECT max_tokens::int, max_usd::float FROM reembed.progress WHERE campaign = $1', [campaign.name])).rows, [
    { max_tokens: 123, max_usd: 0.5 },
  ]);
});

test.serial('the batch API gets no more than the cap leaves, at its share of the price', async (t) => {
  offerBatchApi(stage.provider.batchApi);
  stage.provider.batchApi.script = () => undefined;
  await start('sent_off', 300);
  await sql('UPDATE reembed.model SET usd_per_million_tokens = 1000 WHERE name = $1', [NEW_MODEL]);
  // Half of the price: 1,000 tokens.
  await sql('UPDATE reembed.setting SET max_usd = 0.5');
  const { code, stderr } = await batchApiRun(stage).drain();
  t.is(code, 1);
  t.regex(stderr, /\$0\.\d+ of \$0\.5 \(max_usd\)/);
  const { spent, usd } = await progress();
  t.true(spent > 500 && spent <= 1000, String(spent));
  t.true(Math.abs(usd - spent * 0.0005) < 1e-3);
  await sql('UPDATE reembed.setting SET max_usd = 100, paused = false');
  const raised = await batchApiRun(stage).drain();
  t.is(raised.code, 0, raised.stderr);
  const after = await progress();
  t.is(after.spent, after.tokens, 'corrected by what the provider counted');
  t.true(Math.abs(after.usd - after.tokens * 0.0005) < 1e-3);
});
