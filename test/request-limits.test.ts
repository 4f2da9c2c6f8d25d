import test from 'ava';
import { readConfig } from '../src/config.ts';
import type { Queryable } from '../src/database/connection.ts';
import { type EmbedOptions, embedTexts } from '../src/embedding/embed-texts.ts';
import type { ModelRow } from '../src/embedding/models.ts';
import { createProvider, type Provider } from '../src/embedding/provider.ts';
import { InputRefused, RequestTooLarge } from '../src/embedding/provider-error.ts';
import { usualLimits } from '../src/embedding/request-limits.ts';
import { accessTo } from './harness/access.ts';
import { type ScriptedAnswer, startProvider, type TestProvider, vectorOf } from './harness/provider.ts';

const DIMENSIONS = 24;
const MODEL = { name: 'model', provider_model: 'model', dimensions: DIMENSIONS, query_prefix: '', document_prefix: '' } as ModelRow;
const free = { query: async () => ({ rows: [{ wait: 0, limited: false }] }) } as unknown as Queryable;
const OPTIONS: EmbedOptions = { limits: { inputs: 128, tokens: 100_000 }, tokensPerCharacter: 1, patienceSeconds: 0 };

let server: TestProvider;

test.beforeEach(async () => {
  server = await startProvider({ model: DIMENSIONS });
});
test.afterEach.always(() => server.close());

const open = (): Provider => createProvider(MODEL, accessTo(server.url), { timeoutSeconds: 5, mostInFlight: 16 });
const textsOf = (count: number, begin = 'text') => Array.from({ length: count }, (_, i) => ({ text: `${begin} number ${i}` }));
const sizes = () => server.requests.map(({ input }) => input.length);
const isRight = ({ item, vector }: { item: { text: string }; vector: Float32Array }) =>
  vector.join() === vectorOf('model', item.text, DIMENSIONS).join();

const refuse = (status: number, message: string): ScriptedAnswer => ({ status, body: { error: { message } } });

test.serial('limits follow the address of the provider, and the environment comes first', (t) => {
  t.deepEqual(usualLimits(undefined), { inputs: 512, tokens: 240_000 });
  t.deepEqual(usualLimits('https://eu.api.openai.com/v1'), { inputs: 512, tokens: 240_000 });
  t.deepEqual(usualLimits('https://mine.openai.azure.com/openai/v1/'), { inputs: 512, tokens: 240_000 });
  t.is(usualLimits('https://generativelanguage.googleapis.com/v1beta/openai/').inputs, 100);
  t.is(usualLimits('https://api.cohere.ai/compatibility/v1').inputs, 96);
  for (const unknown of ['http://localhost:8080/v1', 'https://api.openai.com.example/v1', 'no address']) {
    t.deepEqual(usualLimits(unknown), { inputs: 128, tokens: 100_000 }, unknown);
  }
  t.is(readConfig({}).newProvider.limits.inputs, 512);
  const local = readConfig({ OPENAI_OLD_BASE_URL: 'http://localhost:11434/v1' });
  t.is(local.newProvider.limits.inputs, 512);
  t.is(local.oldProvider.limits.inputs, 128);
  t.deepEqual(readConfig({ EMBED_REQUEST_INPUTS: '7', EMBED_REQUEST_TOKENS: '99' }).oldProvider.limits, { inputs: 7, tokens: 99 });
});

// As the vendors word them.
const OF_THE_REQUEST: [number, string, 'inputs' | 'tokens'][] = [
  [413, 'batch size 128 > maximum allowed batch size 32', 'inputs'],
  [400, 'Too many inputs. The max number of inputs is 1. We hope to increase the number of inputs per request soon.', 'inputs'],
  [
    400,
    "Invalid 'input': array too long. Expected an array with maximum length 2048, but got an array with length 2049 instead.",
    'inputs',
  ],
  [400, '* BatchEmbedContentsRequest.requests: at most 100 requests can be in one batch', 'inputs'],
  [400, 'invalid request: total number of texts must be at most 96, received 97', 'inputs'],
  [400, '<400> InternalError.Algo.InvalidParameter: Value error, batch size is invalid, it should not be larger than 10.', 'inputs'],
  [422, 'Too many inputs in request, split into more batches.', 'inputs'],
  [400, '250 instance(s) is allowed per prediction. Actual: 251', 'inputs'],
  [400, 'Requested 375703 tokens, max 300000 tokens per request', 'tokens'],
  [400, 'The max allowed tokens per submitted batch is 120000. Your batch has 130000 tokens after truncation.', 'tokens'],
  [400, 'Too many tokens overall, split into more batches.', 'tokens'],
  [413, 'Payload Too Large', 'tokens'],
  [413, 'length limit exceeded', 'tokens'],
];
const OF_A_TEXT: [number, string][] = [
  [
    400,
    "This model's maximum context length is 8192 tokens, however you requested 10000 tokens (10000 in your prompt; 0 for the completion).",
  ],
  [400, 'You requested 600 tokens in the input for embedding generation. Please reduce the length of the input.'],
  [422, 'Input validation error: `inputs` cannot be empty'],
  [400, 'Range of input length should be [1, 2048]'],
  [400, "'$.input' is invalid."],
];

test.serial('a request that is too large is distinguished from a text that is too long by the words of the vendors', async (t) => {
  for (const [status, message, bound] of OF_THE_REQUEST) {
    server.script = () => refuse(status, message);
    const error = await t.throwsAsync<RequestTooLarge>(
      open().embed(['one text', 'another'], 'document'),
      { instanceOf: RequestTooLarge },
      message,
    );
    t.is(error?.bound, bound, message);
  }
  for (const [status, message] of OF_A_TEXT) {
    server.script = () => refuse(status, message);
    const error = await t.throwsAsync(open().embed(['one text', 'another'], 'document'), { instanceOf: InputRefused }, message);
    t.false(error instanceof RequestTooLarge, message);
  }
});

test.serial('a limit on the number of texts is learnt from the refusal, by the whole process, and no text is blamed', async (t) => {
  server.script = ({ input }) =>
    input.length > 32 ? refuse(413, `batch size ${input.length} > maximum allowed batch size 32`) : undefined;
  const items = textsOf(500);
  const { embedded, refused, tokens } = await embedTexts(free, open(), items, OPTIONS);
  t.deepEqual(refused, []);
  t.deepEqual(
    embedded.map(({ item }) => item),
    items,
  );
  t.true(embedded.every(isRight));
  t.true(tokens > 0);
  // 128, 128, 128, 116 under way together, then what is left of them in halves; never one by one.
  t.true(sizes().filter((size) => size > 32).length <= 12, sizes().join());
  t.true(Math.min(...sizes().filter((size) => size > 1)) >= 20, sizes().join());

  server.requests.length = 0;
  const again = await embedTexts(free, open(), textsOf(100, 'later'), OPTIONS);
  t.is(again.requests, 4);
  t.deepEqual(again.refused, []);
  t.deepEqual(
    sizes().toSorted((a, b) => a - b),
    [4, 32, 32, 32],
  );
});

test.serial('a limit on tokens is learnt, too, and requests that waited meanwhile are made smaller before they are sent', async (t) => {
  const tokensOf = (input: string[]) => input.join('').length;
  server.script = ({ input }) =>
    tokensOf(input) > 1000 ? refuse(400, `Requested ${tokensOf(input)} tokens, max 1000 tokens per request`) : undefined;
  // The limit of requests under way is four at first: the other eight wait.
  const { embedded, refused } = await embedTexts(free, open(), textsOf(1200), { ...OPTIONS, limits: { inputs: 100, tokens: 100_000 } });
  t.is(embedded.length, 1200);
  t.deepEqual(refused, []);
  t.true(server.requests.filter(({ input }) => tokensOf(input) > 1000).length <= 8, sizes().join());
});

test.serial('a single text that is too long is refused, and other requests do not become smaller', async (t) => {
  const [dense] = textsOf(1, 'dense');
  server.script = ({ input }) => (input.includes(dense?.text ?? '') ? { status: 413 } : undefined);
  const alone = (outcome: { refused: { item: unknown; code: string }[] }) =>
    t.deepEqual(
      outcome.refused.map(({ item, code }) => [item, code]),
      [[dense, 'request_too_large']],
    );
  const first = await embedTexts(free, open(), [...textsOf(60), dense as { text: string }, ...textsOf(39, 'more')], OPTIONS);
  alone(first);
  t.is(first.embedded.length, 99);
  server.requests.length = 0;
  t.is((await embedTexts(free, open(), textsOf(100, 'later'), OPTIONS)).requests, 1);

  const others = textsOf(2000, 'others');
  const many = await embedTexts(free, open(), [...others.slice(0, 200), dense as { text: string }, ...others.slice(200)], OPTIONS);
  alone(many);
  t.is(many.embedded.length, 2000);
  t.true(many.requests < 2000 / 128 + 35, sizes().join());
});
