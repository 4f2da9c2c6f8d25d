import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import fc from 'fast-check';
import type { Queryable } from '../src/database/connection.ts';
import { type EmbedOptions, embedTexts } from '../src/embedding/embed-texts.ts';
import type { ModelRow } from '../src/embedding/models.ts';
import { createProvider, type Provider } from '../src/embedding/provider.ts';
import { accessTo } from './harness/access.ts';
import { isProbe } from './harness/campaign.ts';
import { startProvider, type TestProvider, vectorOf } from './harness/provider.ts';

const DIMENSIONS = 24;
const MODEL = { name: 'model', provider_model: 'model', dimensions: DIMENSIONS, query_prefix: '', document_prefix: '' } as ModelRow;
const free = { query: async () => ({ rows: [{ wait: 0, limited: false }] }) } as unknown as Queryable;
const OPTIONS: EmbedOptions = { limits: { inputs: 10, tokens: 100_000 }, tokensPerCharacter: 1, patienceSeconds: 0 };

let server: TestProvider;

test.beforeEach(async () => {
  server = await startProvider({ model: DIMENSIONS });
});
test.afterEach.always(() => server.close());

const open = (mostInFlight = 16): Provider => createProvider(MODEL, accessTo(server.url), { timeoutSeconds: 5, mostInFlight });
const itemsOf = (count: number) => Array.from({ length: count }, (_, id) => ({ id, text: `text number ${id}` }));
const requests = () => server.requests.filter((request) => !isProbe(request));
const isRight = ({ item, vector }: { item: { text: string | null }; vector: Float32Array }) =>
  vector.join() === vectorOf('model', item.text ?? '', DIMENSIONS).join();

/** Rejects with what ended a call, so that it can be asked what it was. */
async function failureOf(outcome: Promise<{ failure?: unknown }>): Promise<never> {
  throw (await outcome).failure;
}

test.serial(
  'a text that several rows have is sent once and paid for once, and every row gets its vector, in the order of the rows',
  async (t) => {
    const words = fc.constantFrom('river', 'stone', 'cloud', '', 'paper', 'River', 'river ');
    await fc.assert(
      fc.asyncProperty(fc.array(words, { minLength: 1, maxLength: 60 }), fc.integer({ min: 1, max: 10 }), async (texts, inputs) => {
        server.requests.length = 0;
        const items = texts.map((text, id) => ({ id, text }));
        const outcome = await embedTexts(free, open(), items, { ...OPTIONS, limits: { inputs, tokens: 100_000 } });
        t.deepEqual(
          outcome.embedded.map(({ item }) => item),
          items,
        );
        t.true(outcome.embedded.every(isRight));
        const sent = requests().flatMap(({ input }) => input);
        t.deepEqual(sent.toSorted(), [...new Set(texts)].toSorted());
        t.is(
          outcome.tokens,
          requests().reduce((sum, { input }) => sum + (input.join(' ').length >> 2), 0),
        );
      }),
      { numRuns: 60 },
    );
  },
);

test.serial('a refused text is refused for each row that has it, and counts against the provider once', async (t) => {
  server.script = ({ input }) => (input.some((text) => text === 'bad') ? { status: 400 } : undefined);
  const items = [...itemsOf(20), ...Array.from({ length: 30 }, (_, i) => ({ id: 100 + i, text: 'bad' }))];
  const { embedded, refused } = await embedTexts(free, open(), items, OPTIONS);
  t.is(embedded.length, 20);
  t.deepEqual(
    refused.map(({ item, code }) => [item.id, code]),
    Array.from({ length: 30 }, (_, i) => [100 + i, 'input_refused']),
  );
  t.is(requests().filter(({ input }) => input.length === 1 && input[0] === 'bad').length, 1);
});

test.serial('more than half of the texts refused is the fault of the provider, but for those that failed before', async (t) => {
  server.script = ({ input }) => (input.some((text) => /[1-9]$/.test(text)) ? { status: 400 } : undefined);
  await t.throwsAsync(failureOf(embedTexts(free, open(), itemsOf(40), OPTIONS)), { code: 'provider_unusable', message: /\d+ of 40 texts/ });
  // Thirty texts that failed before, one of them in a row that is new, beside twenty others.
  const bad = Array.from({ length: 30 }, (_, i) => ({ id: 100 + i, text: `bad number ${i}1`, hasFailed: true }));
  const items = [
    { id: 99, text: 'bad number 01' },
    ...bad,
    ...Array.from({ length: 20 }, (_, i) => ({ id: i, text: `good number ${i}0` })),
  ];
  const { embedded, refused } = await embedTexts(free, open(), items, OPTIONS);
  t.deepEqual([embedded.length, refused.length], [20, 31]);
  const repeated = bad.flatMap((item, i) => [false, true].map((hasFailed) => ({ ...item, hasFailed: hasFailed === (i % 2 === 0) })));
  t.is((await embedTexts(free, open(), [...repeated, ...items.slice(-10)], OPTIONS)).refused.length, 60);
});

test.serial('the provider has to prove itself once before the first texts are blamed, however many requests are under way', async (t) => {
  server.script = (request) => (isProbe(request) ? undefined : { status: 400 });
  const items = itemsOf(9);
  const { refused } = await embedTexts(free, open(), items, { ...OPTIONS, limits: { inputs: 1, tokens: 1000 } });
  t.is(refused.length, 9);
  t.is(server.requests.filter(isProbe).length, 1);
});

test.serial('requests of one batch are under way together, never more of them than EMBED_MAX_IN_FLIGHT over all batches', async (t) => {
  let underWay = 0;
  let most = 0;
  server.script = async () => {
    underWay += 1;
    most = Math.max(most, underWay);
    await sleep(30);
    underWay -= 1;
    return undefined;
  };
  const outcomes = await Promise.all(Array.from({ length: 3 }, () => embedTexts(free, open(5), itemsOf(100), OPTIONS)));
  t.true(outcomes.every(({ embedded }) => embedded.length === 100 && embedded.every(isRight)));
  t.is(most, 5);
  most = 0;
  await embedTexts(free, open(1), itemsOf(50), OPTIONS);
  t.is(most, 1);
});

test.serial('when stopped, embedding starts no further request, keeps the answers and marks no row as failed', async (t) => {
  const stopping = new AbortController();
  server.script = async (request) => {
    if (isProbe(request)) return undefined;
    if (request.input.includes('text number 0')) return { status: 400 };
    await sleep(200);
    stopping.abort();
    await sleep(100);
    return undefined;
  };
  const { embedded, refused, complete } = await embedTexts(free, open(), itemsOf(200), {
    ...OPTIONS,
    limits: { inputs: 1, tokens: 1000 },
    stopping: stopping.signal,
  });
  t.false(complete);
  t.deepEqual(refused, []);
  // Four are under way at the beginning, and the place of the refused one is free at once.
  t.is(requests().length, 5);
  t.is(embedded.length, 4);
  t.true(embedded.every(isRight));
});

test.serial('when ended at once, embedding waits for no answer', async (t) => {
  const ending = new AbortController();
  server.script = async () => {
    ending.abort();
    await sleep(3000);
    return undefined;
  };
  const startedAt = Date.now();
  await t.throwsAsync(failureOf(embedTexts(free, open(), itemsOf(200), { ...OPTIONS, signal: ending.signal, stopping: ending.signal })), {
    name: 'AbortError',
  });
  t.true(Date.now() - startedAt < 2000);
});

test.serial('an error that only the operator can fix ends the requests beside it, and no other is begun', async (t) => {
  server.script = async ({ input }) => {
    if (input.includes('text number 25')) return { status: 401 };
    await sleep(3000);
    return undefined;
  };
  const startedAt = Date.now();
  await t.throwsAsync(failureOf(embedTexts(free, open(), itemsOf(500), OPTIONS)), { code: 'provider_login' });
  t.true(Date.now() - startedAt < 2000);
  await sleep(200);
  t.true(requests().length <= 4, `${requests().length} requests`);
});

test.serial('the better encoding is found out after the first request of a batch, not for single rows', async (t) => {
  const provider = open();
  await embedTexts(free, provider, itemsOf(5), OPTIONS);
  t.is(server.requests.filter(isProbe).length, 0);
  await embedTexts(free, provider, itemsOf(200), OPTIONS);
  t.deepEqual(
    server.requests.filter(isProbe).map(({ encoding }) => encoding),
    ['float', 'base64'],
  );
  t.is(server.requests.at(-1)?.encoding, 'base64');
  const { embedded } = await embedTexts(free, provider, itemsOf(50), OPTIONS);
  t.true(embedded.every(isRight));
  t.true(server.requests.slice(-5).every(({ encoding }) => encoding === 'base64'));
});
