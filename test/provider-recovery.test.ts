import test from 'ava';
import { isProbe, removeCampaigns, startCampaign, until } from './harness/campaign.ts';
import { NEW_MODEL, OLD_MODEL, wrongRows } from './harness/documents.ts';
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

test.serial('an answer that is wrong once costs no row and stops nobody', async (t) => {
  const campaign = await startCampaign(stage, 'once_wrong', { rows: 160 });
  const glitches: ((texts: string[], model: string) => ScriptedAnswer)[] = [
    (texts, model) => ({ vectors: texts.map((text) => vectorOf(model, text, model === NEW_MODEL ? 24 : 16).slice(1)) }),
    (texts) => ({ status: 200, body: { data: texts.map((_, index) => ({ index, embedding: 'AACAPwAAgD8=' })) } }),
    (texts, model) => ({ vectors: [Array(24).fill(0), ...good(texts.slice(1), model)] }),
    (texts, model) => ({ vectors: [[null, ...Array(23).fill(1)] as number[], ...good(texts.slice(1), model)] }),
    (texts, model) => ({ vectors: good(texts.slice(1), model) }),
  ];
  let asked = 0;
  stage.provider.script = (request) =>
    !isProbe(request) && asked++ % 2 === 0 ? glitches.shift()?.(request.input, request.model) : undefined;
  const result = await drain({ EMBED_CONCURRENCY: '1', EMBED_REQUEST_INPUTS: '20' });
  t.is(result.code, 0, result.stderr);
  t.is(glitches.length, 0);
  t.is(await campaign.failures(), 0, 'a row was blamed');
  t.deepEqual(await wrongRows(stage.db.pool, { table: 'once_wrong', newColumn: 'embedding_v2' }), []);

  // Of the old model neither: it is not given up.
  await stage.db.pool.query("UPDATE once_wrong SET content = 'changed ' || id WHERE id <= 5");
  let wrong = 1;
  stage.provider.script = ({ model, input }) => (model === OLD_MODEL && wrong-- > 0 ? { vectors: input.map(() => [1, 2, 3]) } : undefined);
  t.is((await drain()).code, 0);
  t.true(await campaign.ask('SELECT keep_old_current FROM reembed.setting'));
  t.deepEqual(await wrongRows(stage.db.pool, { table: 'once_wrong', oldColumn: 'embedding', newColumn: 'embedding_v2' }), []);
});

test.serial('an old model whose answers are wrong for a while is not given up', async (t) => {
  const campaign = await startCampaign(stage, 'muddled', { rows: 60 });
  t.is((await drain()).code, 0);
  await stage.db.pool.query("UPDATE muddled SET content = 'changed ' || id WHERE id <= 5");
  stage.provider.script = (request) =>
    request.model === OLD_MODEL && !isProbe(request) ? { vectors: request.input.map(() => [1, 2, 3]) } : undefined;
  const result = await drain();
  t.true(await campaign.ask('SELECT keep_old_current FROM reembed.setting'), 'the old model was given up');
  assertRefused(t, result, { code: 'wrong_dimensions', says: /old-model/, remedy: /dimensions/ });
  stage.provider.script = () => undefined;
  t.is((await drain()).code, 0);
  t.deepEqual(await wrongRows(stage.db.pool, { table: 'muddled', oldColumn: 'embedding', newColumn: 'embedding_v2' }), []);
});

test.serial('when an old model that was given up can be called again, the rows written meanwhile get its vectors', async (t) => {
  const campaign = await startCampaign(stage, 'given_up', { rows: 60 });
  t.is((await drain()).code, 0);
  stage.provider.script = ({ model }) => (model === OLD_MODEL ? { status: 404 } : undefined);
  await stage.db.pool.query("UPDATE given_up SET content = 'changed ' || id WHERE id <= 5");
  await stage.db.pool.query("INSERT INTO given_up (content) VALUES ('new before it was known')");
  t.is((await drain()).code, 0);
  t.false(await campaign.ask('SELECT keep_old_current FROM reembed.setting'));
  await stage.db.pool.query("INSERT INTO given_up (content) VALUES ('new while it was away')");
  await stage.db.pool.query("UPDATE given_up SET content = 'changed while it was away ' || id WHERE id IN (7, 8)");
  t.is((await drain()).code, 0);
  t.not((await wrongRows(stage.db.pool, { table: 'given_up', oldColumn: 'embedding' })).length, 0);

  stage.provider.script = () => undefined;
  t.is((await stage.workplace.run(['setting', 'keep_old_current=true'])).code, 0);
  t.is((await drain()).code, 0);
  t.deepEqual(await wrongRows(stage.db.pool, { table: 'given_up', oldColumn: 'embedding', newColumn: 'embedding_v2' }), []);
  t.is(await campaign.failures(), 0);
});

test.serial('an outage heals automatically: a running worker goes on as soon as the provider is back', async (t) => {
  const campaign = await startCampaign(stage, 'healing', { rows: 400 });
  let isOut = true;
  stage.provider.script = (request) => (isOut && !isProbe(request) ? { status: 503 } : undefined);
  const worker = stage.workplace.start(['worker', '--concurrency', '2'], { EMBED_PATIENCE_SECONDS: '1' });
  const delayed = () =>
    campaign.ask<boolean>(
      "SELECT count(*) FILTER (WHERE retry_count >= 2 AND start_after > now() + interval '2 seconds') > 0 FROM reembed_queue.job WHERE state = 'retry'",
    );
  try {
    await until(delayed, 'jobs that failed several times');
    isOut = false;
    const backAt = Date.now();
    const pending = () => campaign.ask<number>("SELECT count(*)::int FROM reembed.batch WHERE state = 'pending'");
    await until(async () => (await pending()) === 0, 'every batch', 40);
    t.log(`done ${Date.now() - backAt} ms after the provider came back`);
  } finally {
    worker.kill('SIGKILL');
  }
  t.is(await campaign.failures(), 0);
  t.deepEqual(await wrongRows(stage.db.pool, { table: 'healing', newColumn: 'embedding_v2' }), []);
});
