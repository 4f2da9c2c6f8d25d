import test from 'ava';
import type { ModelRow } from '../src/embedding/models.ts';
import { createProvider, type Provider } from '../src/embedding/provider.ts';
import { accessTo } from './harness/access.ts';
import { startProvider, type TestProvider, toBase64, vectorOf } from './harness/provider.ts';

const DIMENSIONS = 24;
const MODEL = {
  name: 'model',
  provider_model: 'model',
  dimensions: DIMENSIONS,
  query_prefix: '',
  document_prefix: 'passage: ',
  send_dimensions: false,
} as ModelRow;
const TEXTS = ['one text', 'another text'];

let server: TestProvider;

test.beforeEach(async () => {
  server = await startProvider({ model: DIMENSIONS });
});
test.afterEach.always(() => server.close());

const open = (): Provider => createProvider(MODEL, accessTo(server.url), { timeoutSeconds: 5, mostInFlight: 16 });
const asked = () => server.requests.map(({ encoding }) => encoding);
const expected = TEXTS.map((text) => vectorOf('model', `passage: ${text}`, DIMENSIONS));

/** Tries the encodings out, embeds two texts and returns what they were asked for in. */
async function encodingAfterTrial(provider = open()): Promise<string | undefined> {
  await provider.settleEncoding();
  server.script = () => undefined;
  const { vectors } = await provider.embed(TEXTS, 'document');
  if (vectors.join(' ') !== expected.join(' ')) throw new Error('wrong vectors');
  return asked().at(-1);
}

test.serial(
  'base64 is requested once it is proved to give the same vector, by every provider object of the model, and is not tried again',
  async (t) => {
    t.is(await encodingAfterTrial(), 'base64');
    t.deepEqual(asked(), ['float', 'base64', 'base64']);
    t.deepEqual(server.requests[1]?.input, ['passage: a short text']);
    t.is(await encodingAfterTrial(open()), 'base64');
    t.deepEqual(asked().slice(3), ['base64']);
  },
);

test.serial('numbers are requested until base64 has been tried', async (t) => {
  const { vectors, tokens } = await open().embed(TEXTS, 'document');
  t.deepEqual(vectors, expected);
  t.true(tokens > 0);
  t.deepEqual(asked(), ['float']);
});

test.serial('a server that answers a base64 request with numbers is asked for numbers from then on', async (t) => {
  server.script = () => ({ encoding: 'float' });
  t.is(await encodingAfterTrial(), 'float');
  t.deepEqual(asked(), ['float', 'base64', 'float']);
});

for (const [what, spoil] of Object.entries<(vector: Float32Array) => unknown>({
  'numbers of 64 bits': (vector) => Buffer.from(Float64Array.from(vector).buffer).toString('base64'),
  'big-endian numbers': (vector) => Buffer.from(Float32Array.from(vector).buffer).swap32().toString('base64'),
  'numbers of 8 bits': (vector) => Buffer.from(Int8Array.from(vector, (component) => component * 100).buffer).toString('base64'),
  'another vector': () => toBase64(vectorOf('model', 'passage: another text', DIMENSIONS)),
  'a vector that differs in the fourth digit': (vector) => toBase64(vector.map((component, i) => (i === 0 ? component + 1e-4 : component))),
  'no vector': () => null,
})) {
  test.serial(`a server whose base64 holds ${what} is asked for numbers`, async (t) => {
    server.script = ({ encoding, input, model }) =>
      encoding === 'base64'
        ? { status: 200, body: { data: input.map((text) => ({ embedding: spoil(vectorOf(model, text, DIMENSIONS)) })) } }
        : undefined;
    t.is(await encodingAfterTrial(), 'float');
  });
}

test.serial('a server that refuses base64 is asked for numbers', async (t) => {
  server.script = ({ encoding }) => (encoding === 'base64' ? { status: 422, body: { error: { message: 'encoding_format' } } } : undefined);
  t.is(await encodingAfterTrial(), 'float');
  t.is(await encodingAfterTrial(), 'float');
  t.deepEqual(asked(), ['float', 'base64', 'float', 'float']);
});

test.serial('numbers that were rounded on their way through JSON are the same vector', async (t) => {
  const rounded = (text: string) => [...vectorOf('model', text, DIMENSIONS)].map((component) => Number(component.toPrecision(8)) + 1e-8);
  server.script = ({ encoding, input }) => (encoding === 'float' ? { vectors: input.map(rounded) } : undefined);
  t.is(await encodingAfterTrial(), 'base64');
});

test.serial('a provider that does not always answer the same is asked three times', async (t) => {
  server.script = ({ encoding, input, model }, count) =>
    encoding === 'base64' && count < 4
      ? { vectors: input.map((text) => vectorOf(model, text, DIMENSIONS).map((component) => component + 1e-3)) }
      : undefined;
  t.is(await encodingAfterTrial(), 'base64');
  t.deepEqual(asked(), ['float', 'base64', 'base64', 'base64', 'base64']);
});

test.serial('a trial of base64 that failed is repeated by the next call, three times at most', async (t) => {
  const provider = open();
  server.script = ({ encoding }) => (encoding === 'base64' ? { status: 503 } : undefined);
  for (let i = 0; i < 5; i++) await provider.settleEncoding();
  t.deepEqual(asked(), ['float', 'base64', 'float', 'base64', 'float', 'base64']);
  t.is(await encodingAfterTrial(provider), 'float');
});

test.serial('a trial that was stopped does not count', async (t) => {
  const provider = open();
  for (let i = 0; i < 5; i++) await provider.settleEncoding(AbortSignal.abort());
  t.is(await encodingAfterTrial(provider), 'base64');
});

test.serial('once base64 is proved, an answer with numbers is accepted, and bad base64 is a bad answer', async (t) => {
  const provider = open();
  await provider.settleEncoding();
  server.script = () => ({ encoding: 'float' });
  t.deepEqual((await provider.embed(TEXTS, 'document')).vectors, expected);
  server.script = ({ input }) => ({ status: 200, body: { data: input.map(() => ({ embedding: toBase64([1, 2, 3]) })) } });
  await t.throwsAsync(provider.embed(TEXTS, 'document'), { code: 'wrong_dimensions', message: /3 dimensions instead of 24/ });
  server.script = ({ input }) => ({ vectors: input.map(() => [null, ...Array(23).fill(1)] as number[]) });
  await t.throwsAsync(provider.embed(TEXTS, 'document'), { code: 'not_finite' });
});

test.serial('text where numbers were asked for is a bad answer', async (t) => {
  server.script = () => ({ encoding: 'base64' });
  await t.throwsAsync(open().embed(TEXTS, 'document'), { code: 'wrong_dimensions' });
});
