import test from 'ava';
import { isProbe, removeCampaigns, startCampaign } from './harness/campaign.ts';
import { changeLog } from './harness/catalog.ts';
import { NEW_MODEL, OLD_MODEL, wrongRows } from './harness/documents.ts';
import { type SeenRequest, vectorOf } from './harness/provider.ts';
import { assertRefused } from './harness/refusal.ts';
import { createStage, type Stage } from './harness/stage.ts';

let stage: Stage;

test.before(async () => {
  stage = await createStage();
});
test.afterEach.always(() => removeCampaigns(stage));
test.after.always(() => stage?.close());

const drain = (env: Record<string, string> = {}) => stage.workplace.run(['worker', '--drain'], env);

/** Most requests, or most of what they weigh, within any stretch of so many seconds. */
function busiest(requests: SeenRequest[], seconds: number, weigh: (request: SeenRequest) => number = () => 1): number {
  return Math.max(
    ...requests.map(({ at }) =>
      requests.filter((other) => other.at >= at && other.at < at + seconds * 1000).reduce((sum, other) => sum + weigh(other), 0),
    ),
  );
}

test.serial(
  'requests are packed to EMBED_REQUEST_INPUTS, carry the document prefix and the dimensions, and may be answered in any order',
  async (t) => {
    const campaign = await startCampaign(stage, 'packed', { rows: 100, request: { documentPrefix: 'passage: ', sendDimensions: true } });
    stage.provider.script = ({ input, model }) => ({
      vectors: input.map((text) => vectorOf(model, text, model === NEW_MODEL ? 24 : 16)).reverse(),
      indexes: input.map((_, i) => i).reverse(),
    });
    t.is((await drain({ EMBED_REQUEST_INPUTS: '7' })).code, 0);
    const requests = campaign.requests();
    const batches = (await stage.db.pool.query<{ rows: number }>('SELECT rows FROM reembed.batch WHERE campaign = $1', [campaign.name]))
      .rows;
    t.is(
      requests.length,
      batches.reduce((sum, { rows }) => sum + Math.ceil(rows / 7), 0),
    );
    t.true(requests.every(({ input }) => input.length <= 7));
    t.true(requests.every(({ input }) => input.every((text) => text.startsWith('passage: '))));
    t.true(requests.every(({ dimensions }) => dimensions === 24));
    t.deepEqual(await wrongRows(stage.db.pool, { table: 'packed', newColumn: 'embedding_v2', text: "'passage: ' || content" }), []);
  },
);

test.serial('requests are packed to EMBED_REQUEST_TOKENS', async (t) => {
  const campaign = await startCampaign(stage, 'packed_tokens', { rows: 100 });
  t.is((await drain({ EMBED_REQUEST_TOKENS: '60' })).code, 0);
  const perCharacter = await campaign.ask<number>('SELECT tokens_per_character::float FROM reembed.campaign WHERE name = $1', [
    campaign.name,
  ]);
  for (const { input } of campaign.requests()) t.true(input.reduce((sum, text) => sum + Math.ceil(text.length * perCharacter), 0) <= 60);
  t.deepEqual(await wrongRows(stage.db.pool, { table: 'packed_tokens', newColumn: 'embedding_v2' }), []);
});

test.serial(
  'requests that are too large, and answers whose vectors cannot be matched or are too few, are repeated as smaller requests',
  async (t) => {
    const campaign = await startCampaign(stage, 'muddled', { rows: 60 });
    stage.provider.script = ({ input }, count) => {
      if (input.length > 10) return { status: 413 };
      if (input.length < 4) return undefined;
      const vectors = input.map((text) => vectorOf(NEW_MODEL, text, 24));
      return count % 2 === 0 ? { vectors, indexes: input.map(() => 0) } : { vectors: vectors.slice(1) };
    };
    t.is((await drain({ EMBED_REQUEST_INPUTS: '16' })).code, 0);
    t.is(await campaign.failures(), 0);
    t.deepEqual(await wrongRows(stage.db.pool, { table: 'muddled', newColumn: 'embedding_v2' }), []);
  },
);

test.serial('requests_per_minute holds over the whole run', async (t) => {
  const campaign = await startCampaign(stage, 'few_requests', { rows: 160 });
  await stage.db.pool.query('UPDATE reembed.setting SET requests_per_minute = 90 WHERE target = $1', [campaign.target]);
  // The patience is for a provider that fails; a small quota is the user's wish.
  t.is((await drain({ EMBED_REQUEST_INPUTS: '8', EMBED_PATIENCE_SECONDS: '1' })).code, 0);
  // The bucket holds ten seconds' worth, here fifteen requests; then it fills by three in two seconds.
  t.true(campaign.requests().length >= 20);
  t.true(busiest(campaign.requests(), 2) <= 15 + 3 + 1, `${busiest(campaign.requests(), 2)} requests in two seconds`);
  t.deepEqual(await wrongRows(stage.db.pool, { table: 'few_requests', newColumn: 'embedding_v2' }), []);
});

test.serial('tokens_per_minute holds over the whole run', async (t) => {
  const campaign = await startCampaign(stage, 'few_tokens', { rows: 160 });
  const perCharacter = await campaign.ask<number>('SELECT tokens_per_character::float FROM reembed.campaign WHERE name = $1', [
    campaign.name,
  ]);
  const tokens = ({ input }: SeenRequest) => input.reduce((sum, text) => sum + Math.ceil(text.length * perCharacter), 0);
  await stage.db.pool.query('UPDATE reembed.setting SET tokens_per_minute = 4500 WHERE target = $1', [campaign.target]);
  t.is((await drain({ EMBED_REQUEST_INPUTS: '10' })).code, 0);
  const largest = Math.max(...campaign.requests().map(tokens));
  const sum = campaign
    .requests()
    .map(tokens)
    .reduce((a, b) => a + b, 0);
  t.true(sum > 1000, `${sum} tokens in all`);
  // The bucket holds 750, fills by 75 a second, and the last request may overdraw it. On a busy machine what was granted over four
  // seconds may arrive in two.
  t.true(busiest(campaign.requests(), 2, tokens) <= 750 + 300 + largest);
  const requests = campaign.requests();
  t.true((requests.at(-1)?.at ?? 0) - (requests[0]?.at ?? 0) >= ((sum - 750 - 2 * largest) / 75) * 1000);
});

test.serial(
  'an old model that is gone is given up with an event, the new one goes on, and going back says what it would lack',
  async (t) => {
    const campaign = await startCampaign(stage, 'retired', { rows: 60 });
    const { pool } = stage.db;
    await stage.bring(campaign.name, 'switch');
    await pool.query("INSERT INTO retired (content) VALUES ('first new row'), ('second new row'), ('third new row')");
    await pool.query("UPDATE retired SET content = 'changed ' || id WHERE id <= 2");
    // Gone in the middle: the first short text is still answered.
    stage.provider.script = (request) =>
      request.model === OLD_MODEL && !isProbe(request) ? { status: 404, body: { error: { message: 'retired' } } } : undefined;
    const result = await drain();
    t.is(result.code, 0, result.stderr);
    t.is(result.stderr.match(/the old model cannot be called .*404/g)?.length, 1, 'said once, not by each lane');
    t.deepEqual(await wrongRows(pool, { table: 'retired', newColumn: 'embedding_v2' }), []);
    t.false(await campaign.ask('SELECT keep_old_current FROM reembed.setting WHERE target = $1', [campaign.target]));
    t.is(
      await campaign.ask("SELECT from_value || ' ' || to_value FROM reembed.event WHERE target = $1 AND kind = 'keep_old_current'", [
        campaign.target,
      ]),
      'true false',
    );
    const lost = await pool.query('SELECT DISTINCT model, class FROM reembed.failed_row WHERE target = $1', [campaign.target]);
    t.deepEqual(lost.rows, [{ model: OLD_MODEL, class: 'old_model_unavailable' }]);

    const down = () => stage.workplace.run(['migrate', 'down', ...accept]);
    const accept: string[] = [];
    assertRefused(t, await down(), { code: 'gate_closed', exit: 'waiting', says: /\b5 rows/, remedy: /--accept-missing/ });
    t.is(await campaign.ask('SELECT read_model FROM reembed.setting WHERE target = $1', [campaign.target]), NEW_MODEL);
    accept.push('--accept-missing');
    t.is((await down()).code, 0);
    t.is(await campaign.ask('SELECT read_model FROM reembed.setting WHERE target = $1', [campaign.target]), OLD_MODEL);
  },
);

test.serial('an old model that merely does not answer is waited for and never given up', async (t) => {
  const campaign = await startCampaign(stage, 'resting', { rows: 20 });
  await stage.db.pool.query("INSERT INTO resting (content) VALUES ('a new row')");
  stage.provider.script = ({ model }) => (model === OLD_MODEL ? { status: 503 } : undefined);
  assertRefused(t, await drain({ EMBED_PATIENCE_SECONDS: '1' }), { code: 'provider_unavailable', says: /old-model/ });
  t.true(await campaign.ask('SELECT keep_old_current FROM reembed.setting WHERE target = $1', [campaign.target]));
  stage.provider.script = () => undefined;
  t.is((await drain()).code, 0);
  t.deepEqual(await wrongRows(stage.db.pool, { table: 'resting', oldColumn: 'embedding', newColumn: 'embedding_v2' }), []);
});

test.serial('up --wait leaves no changed row behind: with no worker running it would close the next gate', async (t) => {
  await startCampaign(stage, 'lagging', { rows: 60 });
  await stage.work();
  await stage.db.pool.query("UPDATE lagging SET content = 'changed ' || id WHERE id <= 10");
  t.is((await stage.workplace.run(['migrate', 'up', '--wait'])).code, 3);
  t.deepEqual((await stage.db.pool.query('SELECT key FROM reembed.change')).rows, []);
  t.deepEqual(await wrongRows(stage.db.pool, { table: 'lagging', oldColumn: 'embedding', newColumn: 'embedding_v2' }), []);

  // At the gate to the switch as well.
  await stage.db.pool.query("UPDATE lagging SET content = 'changed again ' || id WHERE id <= 10");
  await stage.db.pool.query(
    `UPDATE ${await changeLog(stage.db.pool, 'public.lagging.embedding')} SET changed_at = changed_at - interval '1 minute'`,
  );
  const { stderr } = await stage.workplace.run(['migrate', 'up', '--wait']);
  t.notRegex(stderr, /changed and wait/);
  t.regex(stderr, /have not been compared/);
  t.deepEqual(await wrongRows(stage.db.pool, { table: 'lagging', oldColumn: 'embedding', newColumn: 'embedding_v2' }), []);
});
