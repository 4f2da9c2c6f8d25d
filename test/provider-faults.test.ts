import test from 'ava';
import { isProbe, removeCampaigns, startCampaign, until } from './harness/campaign.ts';
import { NEW_MODEL, OLD_MODEL, textOf, wrongRows } from './harness/documents.ts';
import { type ScriptedAnswer, vectorOf } from './harness/provider.ts';
import { assertRefused, SECRETS } from './harness/refusal.ts';
import { createStage, type Stage } from './harness/stage.ts';

let stage: Stage;

test.before(async () => {
  stage = await createStage();
});
test.afterEach.always(() => removeCampaigns(stage));
test.after.always(() => stage?.close());

const KEYS = { OPENAI_API_KEY: SECRETS[0], OPENAI_OLD_API_KEY: SECRETS[1] };
const drain = (env: Record<string, string> = {}) => stage.workplace.run(['worker', '--drain'], { ...KEYS, ...env });
const good = (texts: string[], model = NEW_MODEL) => texts.map((text) => vectorOf(model, text, 24));

test.serial('a row the provider refuses ends up alone in failed_row, without its text, and the others go on', async (t) => {
  const campaign = await startCampaign(stage, 'poisoned', {
    rows: 160,
    fill: () => stage.db.pool.query(`UPDATE poisoned SET content = 'private words of ' || content WHERE id IN (7, 30, 60, 120)`),
  });
  const [refused, zero, nan, echoed] = [7, 30, 60, 120].map((id) => `private words of ${textOf(id)}`);
  stage.provider.script = ({ input, key, model }) => {
    if (model === OLD_MODEL) return undefined;
    if (input.includes(refused ?? '')) return { status: 400, body: { error: { message: `This input is too long: ${refused}` } } };
    if (input.includes(echoed ?? '')) return { status: 422, body: { error: { message: `${key} sent "${echoed?.slice(0, 25)}"` } } };
    const vectors: (number[] | Float32Array)[] = good(input);
    if (input.includes(zero ?? '')) vectors[input.indexOf(zero ?? '')] = Array(24).fill(0);
    if (input.includes(nan ?? '')) vectors[input.indexOf(nan ?? '')] = [null, ...Array(23).fill(1)] as number[];
    return { vectors };
  };
  assertRefused(t, await stage.workplace.run(['migrate', 'up', '--wait'], KEYS), {
    code: 'gate_closed',
    exit: 'waiting',
    says: /4 rows could not be embedded, 0 are allowed/,
    remedy: /npm run retry/,
  });
  const failed = await stage.db.pool.query(
    "SELECT key ->> 'id' AS id, class, message, words, attempts FROM reembed.failed_row ORDER BY (key ->> 'id')::int",
  );
  t.deepEqual(
    failed.rows.map(({ id, class: kind }) => [id, kind]),
    [
      ['7', 'input_refused'],
      ['30', 'zero_vector'],
      ['60', 'not_finite'],
      ['120', 'input_refused'],
    ],
  );
  const stored = JSON.stringify(failed.rows) + (await campaign.ask<string>("SELECT string_agg(error, ' ') FROM reembed.batch"));
  t.notRegex(stored, /private|words of|number \d|sk-secret/);
  t.is(failed.rows[0]?.message, 'the provider of new-model refused the input: 400');
  t.regex(failed.rows[0]?.words, /This input is too long/);
  t.deepEqual(await wrongRows(stage.db.pool, { table: 'poisoned', newColumn: 'embedding_v2' }), ['120 new', '30 new', '60 new', '7 new']);

  t.regex((await stage.workplace.run(['retry'])).stderr, /4 rows wait for a worker again/);
  t.is((await drain()).code, 0);
  t.deepEqual(await campaign.ask('SELECT array_agg(attempts) FROM reembed.failed_row'), [2, 2, 2, 2]);

  stage.provider.script = () => undefined;
  await stage.db.pool.query('DELETE FROM poisoned WHERE id = 30');
  await stage.workplace.run(['retry']);
  t.is((await drain()).code, 0);
  t.is(await campaign.failures(), 0);
  t.deepEqual(await wrongRows(stage.db.pool, { table: 'poisoned', newColumn: 'embedding_v2' }), []);
});

test.serial('a 429 with Retry-After holds every request until then, and the database says so', async (t) => {
  const campaign = await startCampaign(stage, 'held', { rows: 160 });
  let refusedAt = 0;
  stage.provider.script = (request) => {
    if (isProbe(request) || refusedAt > 0) return undefined;
    refusedAt = Date.now();
    return { status: 429, headers: { 'retry-after': '3' }, body: { error: { message: 'Rate limit reached' } } };
  };
  const running = drain({ EMBED_CONCURRENCY: '1' });
  await until(
    async () => (await campaign.ask('SELECT held_until > now() FROM reembed.provider_quota WHERE model = $1', [NEW_MODEL])) === true,
    'a hold',
  );
  t.regex(
    await campaign.ask('SELECT reason FROM reembed.health WHERE target = $1 AND throttles', [campaign.target]),
    /calls to the provider of new-model are held until .*429$/,
  );
  t.is((await running).code, 0);
  const [, next] = campaign.requests();
  t.true((next?.at ?? 0) - refusedAt >= 2900, `the next request came after ${(next?.at ?? 0) - refusedAt} ms`);
  t.deepEqual(await wrongRows(stage.db.pool, { table: 'held', newColumn: 'embedding_v2' }), []);
});

test.serial('server errors, cut connections and invalid answers are retried and mark no row as failed', async (t) => {
  const campaign = await startCampaign(stage, 'shaky', { rows: 160 });
  const faults: ScriptedAnswer[] = [
    { status: 500 },
    { cut: true },
    { status: 503 },
    { status: 200, body: 'not vectors' },
    { status: 408 },
    { vectors: [] },
  ];
  // Each fault comes to a request of its own, which is answered well when it is sent again.
  const sent = new Set<string>();
  stage.provider.script = (request) => {
    const texts = request.input.join();
    return isProbe(request) || sent.has(texts) ? undefined : faults[sent.add(texts).size - 1];
  };
  const result = await drain({ EMBED_CONCURRENCY: '1', EMBED_REQUEST_INPUTS: '20' });
  t.is(result.code, 0, result.stderr);
  const requests = campaign.requests().map(({ input }) => input.join());
  t.is(requests.length - new Set(requests).size, faults.length, 'each request that failed was sent once more as it was');
  t.is(await campaign.failures(), 0);
  t.deepEqual(await wrongRows(stage.db.pool, { table: 'shaky', newColumn: 'embedding_v2' }), []);
});

test.serial('a request that is never answered is given up after EMBED_TIMEOUT_SECONDS and sent again', async (t) => {
  t.timeout(60_000);
  const campaign = await startCampaign(stage, 'unanswered', { rows: 60 });
  let isFirst = true;
  stage.provider.script = (request) => {
    if (isProbe(request) || !isFirst) return undefined;
    isFirst = false;
    return new Promise(() => {});
  };
  const result = await drain({ EMBED_CONCURRENCY: '1', EMBED_TIMEOUT_SECONDS: '1' });
  t.is(result.code, 0, result.stderr);
  const [first, second] = campaign.requests();
  t.deepEqual(second?.input, first?.input);
  t.is(await campaign.failures(), 0);
  t.deepEqual(await wrongRows(stage.db.pool, { table: 'unanswered', newColumn: 'embedding_v2' }), []);
});

test.serial('an outage longer than the patience ends the worker, parks no row, and the next start goes on at once', async (t) => {
  const campaign = await startCampaign(stage, 'outage', { rows: 160 });
  let answered = 0;
  stage.provider.script = (request) => (isProbe(request) || answered++ < 1 ? undefined : { status: 503 });
  const result = await drain({ EMBED_PATIENCE_SECONDS: '2' });
  assertRefused(t, result, { code: 'provider_unavailable', says: /503/, remedy: /EMBED_PATIENCE_SECONDS/ });
  t.is(await campaign.failures(), 0);
  t.true((await campaign.ask<number>("SELECT count(*)::int FROM reembed.batch WHERE state = 'pending'")) > 0);

  stage.provider.script = () => undefined;
  const startedAt = Date.now();
  t.is((await drain()).code, 0);
  t.true(Date.now() - startedAt < 20_000, `took ${Date.now() - startedAt} ms`);
  t.deepEqual(await wrongRows(stage.db.pool, { table: 'outage', newColumn: 'embedding_v2' }), []);
});

test.serial('what was embedded before a provider failed is stored, because it is paid for', async (t) => {
  const campaign = await startCampaign(stage, 'paid', { rows: 200, request: { batchRows: 1000 } });
  stage.provider.script = ({ input }) => (input.some((text) => text.endsWith('number 200')) ? { status: 401 } : undefined);
  const { code } = await stage.workplace.run(['worker', '--drain'], { EMBED_REQUEST_INPUTS: '10', EMBED_MAX_IN_FLIGHT: '1' });
  t.is(code, 1);
  t.is(await campaign.ask('SELECT count(*)::int FROM reembed.batch'), 1);
  const stored = await campaign.ask<number>('SELECT count(*)::int FROM paid WHERE embedding_v2 IS NOT NULL');
  t.true(stored >= 10 && stored < 200, `${stored} rows stored`);
  t.is(await campaign.failures(), 0);
  stage.provider.script = () => undefined;
  const sentBefore = campaign.requests().length;
  t.is((await stage.workplace.run(['worker', '--drain'])).code, 0);
  t.is(
    campaign
      .requests()
      .slice(sentBefore)
      .reduce((sum, { input }) => sum + input.length, 0),
    200 - stored,
    'only what was missing is paid for again',
  );
});

test.serial('a provider that always answers 429 ends the worker when its patience is used up', async (t) => {
  const campaign = await startCampaign(stage, 'overrun', { rows: 60 });
  stage.provider.script = () => ({ status: 429 });
  assertRefused(t, await drain({ EMBED_PATIENCE_SECONDS: '2' }), {
    code: 'provider_unavailable',
    says: /429/,
    remedy: /EMBED_PATIENCE_SECONDS/,
  });
  t.is(await campaign.failures(), 0);
});

test.serial('a key refused in the middle pauses the campaign with the reason; a start with a good key goes on automatically', async (t) => {
  const campaign = await startCampaign(stage, 'locked_out', { rows: 160 });
  let answered = 0;
  stage.provider.script = (request) =>
    isProbe(request) || answered++ < 1 ? undefined : { status: 401, body: { error: { message: `bad key ${request.key}` } } };
  assertRefused(t, await drain({ EMBED_CONCURRENCY: '1' }), { code: 'provider_login', says: /401/, remedy: /OPENAI_API_KEY/ });
  t.true(await campaign.ask('SELECT paused FROM reembed.setting WHERE target = $1', [campaign.target]));
  t.regex(
    await campaign.ask('SELECT reason FROM reembed.health WHERE target = $1 AND throttles', [campaign.target]),
    /^paused: the provider of new-model refused the API key/,
  );
  t.is(await campaign.failures(), 0);

  stage.provider.script = ({ key }) => (key === 'the-new-key' ? undefined : { status: 401 });
  assertRefused(t, await drain({ OPENAI_OLD_API_KEY: 'the-new-key' }), { code: 'provider_login' });
  t.true(await campaign.ask('SELECT paused FROM reembed.setting WHERE target = $1', [campaign.target]));

  t.is((await drain({ OPENAI_API_KEY: 'the-new-key', OPENAI_OLD_API_KEY: 'the-new-key' })).code, 0);
  t.false(await campaign.ask('SELECT paused FROM reembed.setting WHERE target = $1', [campaign.target]));
  t.deepEqual(await wrongRows(stage.db.pool, { table: 'locked_out', newColumn: 'embedding_v2' }), []);
});

test.serial('when a provider refuses every row, no row is marked as failed', async (t) => {
  const campaign = await startCampaign(stage, 'refusing', { rows: 100 });
  stage.provider.script = (request) => (isProbe(request) ? undefined : { status: 400, body: { error: { message: 'no' } } });
  assertRefused(t, await drain(), { code: 'provider_unusable', says: /the cause is not a single row/ });
  t.is(await campaign.failures(), 0);

  // With few rows the count says nothing; then the provider is asked for a text that cannot be at fault.
  stage.provider.script = () => undefined;
  t.is((await drain()).code, 0);
  await stage.db.pool.query("UPDATE refusing SET content = 'changed ' || id WHERE id <= 3");
  let probes = 0;
  stage.provider.script = (request) => (request.model === OLD_MODEL || (isProbe(request) && probes++ === 0) ? undefined : { status: 400 });
  assertRefused(t, await drain(), { code: 'input_refused', remedy: /a short test text/ });
  t.is(await campaign.failures(), 0);

  stage.provider.script = () => undefined;
  t.is((await drain()).code, 0);
  t.deepEqual(await wrongRows(stage.db.pool, { table: 'refusing', oldColumn: 'embedding', newColumn: 'embedding_v2' }), []);
});

test.serial('rows handed over again by retry that still fail are not taken for a fault of the provider', async (t) => {
  const campaign = await startCampaign(stage, 'still_bad', {
    rows: 200,
    fill: () => stage.db.pool.query("UPDATE still_bad SET content = CASE WHEN id % 3 = 0 THEN 'forbidden ' || id ELSE content END"),
  });
  stage.provider.script = ({ input }) => (input.some((text) => text.startsWith('forbidden')) ? { status: 400 } : undefined);
  t.is((await drain()).code, 0);
  // So many that each lane of them would speak against the provider.
  t.is(await campaign.failures(), 66);
  await stage.workplace.run(['retry']);
  const again = await drain();
  t.is(again.code, 0, again.stderr);
  t.is(await campaign.failures(), 66);
  t.false(await campaign.ask('SELECT paused FROM reembed.setting'));
});
