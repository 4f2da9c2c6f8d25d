import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { createProvider } from '../src/embedding/provider.ts';
import { accessTo } from './harness/access.ts';
import { type Campaign, isProbe, removeCampaigns, startCampaign, until } from './harness/campaign.ts';
import { exitOf } from './harness/command.ts';
import { createDocuments, NEW_DIMENSIONS, NEW_MODEL, OLD_DIMENSIONS, OLD_MODEL } from './harness/documents.ts';
import { startProvider, type TestProvider } from './harness/provider.ts';
import { assertPresentable, assertRefused } from './harness/refusal.ts';
import { createStage, type Stage } from './harness/stage.ts';

const NEW_B = 'new-model-of-b';
const OLD_B = 'old-model-of-b';
const KEYS = { KEY_OF_A: 'sk-secret-of-provider-a', KEY_OF_B: 'sk-secret-of-provider-b' };
const SECRETS = Object.values(KEYS);

let stage: Stage;
let b: TestProvider;

test.before(async () => {
  stage = await createStage();
  b = await startProvider({ [OLD_B]: OLD_DIMENSIONS, [NEW_B]: NEW_DIMENSIONS });
  configure({
    a: { baseUrl: stage.provider.url, keyVariable: 'KEY_OF_A' },
    b: { baseUrl: b.url, keyVariable: 'KEY_OF_B', documents: { input_type: 'document' }, queries: { input_type: 'query' } },
  });
});
test.afterEach.always(async () => {
  b.script = () => undefined;
  b.requests.length = 0;
  await removeCampaigns(stage);
});
test.after.always(async () => {
  await b?.close();
  await stage?.close();
});

function configure(providers: Record<string, unknown>): void {
  writeFileSync(join(stage.workplace.directory, 'reembed.config.json'), JSON.stringify({ providers }));
}

const worker = (args: string[], env: Record<string, string> = KEYS) => stage.workplace.run(['worker', ...args], env);
const refuse = (status: number) => () => ({ status, body: { error: { message: 'no' } } });
/** Rows of a table without a vector of the new model. */
const missing = ({ table, ask }: Campaign) => ask<number>(`SELECT count(*)::int FROM ${table} WHERE embedding_v2 IS NULL`);
const isPaused = ({ target, ask }: Campaign) => ask<boolean>('SELECT paused FROM reembed.setting WHERE target = $1', [target]);

/** Two tables, each with an old and a new model of a provider of its own. That of the table which comes first in every order may fail. */
async function startBoth(): Promise<{ apples: Campaign; zebras: Campaign }> {
  const apples = await startCampaign(stage, 'apples', {
    rows: 600,
    request: { to: NEW_B, from: OLD_B, provider: 'b', fromProvider: 'b' },
  });
  const zebras = await startCampaign(stage, 'zebras', {
    rows: 300,
    request: { to: NEW_MODEL, from: OLD_MODEL, provider: 'a', fromProvider: 'a' },
  });
  return { apples, zebras };
}

test.serial('a provider that refuses pauses only the table that needs it, and a start after the repair resumes it', async (t) => {
  const { apples, zebras } = await startBoth();
  b.script = (request) => (isProbe(request) ? undefined : refuse(401)());
  assertRefused(
    t,
    await worker(['--drain']),
    { code: 'paused', says: /public\.apples\.embedding is paused: .*new-model-of-b refused the API key/ },
    SECRETS,
  );
  t.deepEqual([await isPaused(apples), await isPaused(zebras)], [true, false]);
  t.is(await missing(zebras), 0);
  t.is(await missing(apples), 600);

  // The table of the other provider is kept current in both models meanwhile.
  await stage.db.pool.query("UPDATE zebras SET content = 'changed ' || id WHERE id <= 20");
  b.script = refuse(401);
  stage.provider.requests.length = 0;
  const refused = await worker(['--drain']);
  assertPresentable(t, refused, SECRETS);
  t.is(await zebras.ask('SELECT count(*)::int FROM reembed.change WHERE target = $1', [zebras.target]), 0);
  t.deepEqual([...new Set(stage.provider.requests.map(({ model }) => model))].toSorted(), [NEW_MODEL, OLD_MODEL]);

  b.script = () => undefined;
  t.is((await worker(['--drain'])).code, 0);
  t.deepEqual([await missing(apples), await isPaused(apples)], [0, false]);
  t.true(b.requests.every(({ others }) => others.input_type === 'document'));
  t.deepEqual([...new Set(b.requests.map(({ key }) => key))], [KEYS.KEY_OF_B]);
  t.deepEqual([...new Set(stage.provider.requests.map(({ key }) => key))], [KEYS.KEY_OF_A]);
  t.is(await apples.ask("SELECT count(*)::int FROM reembed.model AS m WHERE to_jsonb(m)::text ~ 'secret|http'"), 0);
});

test.serial('a provider that does not answer holds up only the table that needs it', async (t) => {
  const { apples, zebras } = await startBoth();
  b.script = (request) => (isProbe(request) ? undefined : refuse(503)());
  const running = stage.workplace.start(['worker'], { ...KEYS, EMBED_PATIENCE_SECONDS: '300' });
  await until(async () => (await missing(zebras)) === 0, 'zebras embedded while the provider of apples is down', 40);
  await stage.db.pool.query("UPDATE zebras SET content = 'changed ' || id WHERE id <= 20");
  await until(
    async () => (await zebras.ask('SELECT count(*)::int FROM reembed.change WHERE target = $1', [zebras.target])) === 0,
    'changed zebras embedded',
    20,
  );
  t.is(await missing(apples), 600);
  t.false(await isPaused(apples));
  running.kill('SIGTERM');
  t.is(await exitOf(running), 0);

  // A person who waits gets the rest done first, and then the reason.
  assertRefused(
    t,
    await worker(['--drain'], { ...KEYS, EMBED_PATIENCE_SECONDS: '2' }),
    { code: 'provider_unavailable', says: /new-model-of-b/ },
    SECRETS,
  );
  b.script = () => undefined;
  t.is((await worker(['--drain'])).code, 0);
  t.is(await missing(apples), 0);
});

test.serial('worker --target serves one table and needs only its provider', async (t) => {
  const { apples, zebras } = await startBoth();
  const { code, stderr } = await worker(['--drain', '--target', 'zebras'], { KEY_OF_A: KEYS.KEY_OF_A });
  t.is(code, 0, stderr);
  t.deepEqual([await missing(zebras), await missing(apples)], [0, 600]);
  t.is(b.requests.length, 0);

  const running = stage.workplace.start(['worker', '--target', 'zebras'], { KEY_OF_A: KEYS.KEY_OF_A });
  await until(
    async () => (await zebras.ask('SELECT count(*)::int FROM reembed.worker WHERE target = $1', [zebras.target])) === 1,
    'the worker',
  );
  const idle = "SELECT string_agg(target, ',') FROM reembed.health WHERE reason LIKE 'no worker%'";
  t.is(await apples.ask(idle), apples.target);
  running.kill('SIGTERM');
  t.is(await exitOf(running), 0);
  assertRefused(t, await worker(['--target', 'pears']), { code: 'unknown_target', says: /pears/ }, SECRETS);
});

test.serial('a model whose provider is not configured pauses its table, and set_provider() binds it to another', async (t) => {
  const { apples, zebras } = await startBoth();
  await stage.db.pool.query("SELECT reembed.set_provider($1, 'c')", [NEW_B]);
  const refused = await worker(['--drain']);
  assertRefused(t, refused, { code: 'paused', says: /apples.*no provider c/ }, SECRETS);
  t.is(await missing(zebras), 0);
  t.regex((await stage.workplace.run(['doctor'], KEYS)).stdout, /no provider c, which new-model-of-b needs/);
  t.is(await apples.ask('SELECT provider FROM reembed.served_model($1)', [apples.target]), 'b');
  await stage.db.pool.query("SELECT reembed.set_provider($1, 'b'), reembed.set_provider($2, 'a')", [NEW_B, OLD_B]);
  t.is(await apples.ask("SELECT provider FROM reembed.reads_for('apples')"), 'a');
  await stage.db.pool.query('SELECT reembed.set_provider($1, $2)', [OLD_B, 'b']);
  t.is((await worker(['--drain'])).code, 0);
  t.is(await missing(apples), 0);
});

test.serial('parameters of a provider are those of the role, and may fix the encoding', async (t) => {
  const access = accessTo(b.url);
  access.parameters = { document: { input_type: 'document', encoding_format: 'base64' }, query: { input_type: 'query' } };
  const model = { name: NEW_B, provider_model: NEW_B, dimensions: NEW_DIMENSIONS, document_prefix: 'passage: ', query_prefix: 'query: ' };
  const provider = createProvider(model as Parameters<typeof createProvider>[0], access, { timeoutSeconds: 5, mostInFlight: 1 });
  const { vectors } = await provider.embed(['river'], 'document');
  t.is(vectors[0]?.length, NEW_DIMENSIONS);
  await provider.embed(['river'], 'query');
  t.deepEqual(
    b.requests.map(({ input, encoding, others }) => [input, encoding, others]),
    [
      [['passage: river'], 'base64', { input_type: 'document' }],
      [['query: river'], 'float', { input_type: 'query' }],
    ],
  );
});

test.serial('create names the provider, shows the prefixes of both models, and refuses a provider that it does not know', async (t) => {
  await createDocuments(stage.db.pool, 20, { table: 'plums' });
  const create = (args: string[], env: Record<string, string> = KEYS) =>
    stage.workplace.run(['migrate', 'create', '--table', 'plums', '--text', 'content', '--dimensions', '24', '--dry-run', ...args], env);
  const { code, stderr } = await create(['--to', NEW_B, '--provider', 'b', '--from', 'intfloat/e5-base', '--query-prefix', 'find: ']);
  t.is(code, 0, stderr);
  t.regex(stderr, /provider b: the provider answered/);
  t.regex(stderr, /prefixes of new-model-of-b: "" for stored texts, "find: " for queries/);
  t.regex(stderr, /prefixes of intfloat\/e5-base: "passage: " for stored texts, "query: " for queries/);
  assertRefused(t, await create(['--to', NEW_B, '--provider', 'c']), { code: 'unknown_provider', says: /no provider c/ }, SECRETS);
  assertRefused(
    t,
    await create(['--to', NEW_B], { ...KEYS, OPENAI_API_KEY: '' }),
    { code: 'usage', exit: 'usage', remedy: /--provider a\|b/ },
    SECRETS,
  );
  await stage.db.pool.query('DROP TABLE plums');
});

const FAULTY: [string, string, RegExp][] = [
  ['no JSON', '{', /cannot be loaded/],
  ['no providers', '{}', /providers/],
  ['an unknown property', '{"providers": {"a": {"keyVariable": "K", "url": "x"}}}', /url/],
  [
    'a key in place of its variable',
    '{"providers": {"a": {"keyVariable": "sk-secret-of-provider-a"}}}',
    /a\.keyVariable: must be the name/,
  ],
  [
    'a password in the address',
    '{"providers": {"a": {"keyVariable": "K", "baseUrl": "http://u:the-secret-password@h/v1"}}}',
    /without user/,
  ],
  ['another protocol', '{"providers": {"a": {"keyVariable": "K", "baseUrl": "ftp://h"}}}', /http or https/],
  ['a parameter of ours', '{"providers": {"a": {"keyVariable": "K", "documents": {"model": "m"}}}}', /belong to the model/],
  ['a query set without queries', '{"sets": {"nightly": {"judgements": "qrels.tsv"}}}', /sets\.nightly\.queries/],
  ['an unknown property of a query set', '{"sets": {"nightly": {"queries": "q.txt", "group": "id"}}}', /group/],
  ['no depth of a query set', '{"sets": {"nightly": {"queries": "q.txt", "k": 0}}}', /sets\.nightly\.k/],
  ['a limit of nothing', '{"providers": {"a": {"keyVariable": "K", "inputs": 0}}}', /inputs/],
];

test.serial('a faulty configuration file is refused with the place of the fault and without secrets', async (t) => {
  const file = join(stage.workplace.directory, 'reembed.config.json');
  const { providers } = JSON.parse(
    `{"providers": {"a": {"baseUrl": "${stage.provider.url}", "keyVariable": "KEY_OF_A"}, "b": {"baseUrl": "${b.url}", "keyVariable": "KEY_OF_B"}}}`,
  );
  for (const [what, text, says] of FAULTY) {
    writeFileSync(file, text);
    const result = await stage.workplace.run(['status'], KEYS);
    assertRefused(t, result, { code: 'usage', exit: 'usage', says }, [...SECRETS, 'the-secret-password']);
    t.log(what);
  }
  configure(providers);
});
