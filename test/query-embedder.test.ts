import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import test from 'ava';
import { createEmbedder, EmbeddingFailed, type ServedModel } from '../src/index.ts';
import { startProvider, type TestProvider, vectorOf } from './harness/provider.ts';

const MODEL: ServedModel = {
  target: 'public.documents.embedding',
  role: 'new',
  name: 'named-here',
  provider_model: 'named-there',
  dimensions: 24,
  element_type: 'vector',
  distance: 'cosine',
  document_prefix: 'passage: ',
  query_prefix: 'query: ',
  send_dimensions: true,
  token_limit: null,
  usd_per_million_tokens: null,
  provider: null,
};

let provider: TestProvider;
test.before(async () => {
  provider = await startProvider({ [MODEL.provider_model]: MODEL.dimensions });
});
test.after.always(() => provider?.close());

test.serial("the client's embedder sends a query as the campaign defines its model", async (t) => {
  const embed = createEmbedder({ apiKey: 'a-key', baseUrl: `${provider.url}/`, parameters: { input_type: 'query' } });
  const vector = Float32Array.from(await embed('red shoes', MODEL));
  t.deepEqual(vector, vectorOf('named-there', 'query: red shoes', 24));
  await embed('red shoes', { ...MODEL, send_dimensions: false });
  const [first, second] = provider.requests.map(({ at: _, ...request }) => request);
  const common = { model: 'named-there', input: ['query: red shoes'], key: 'a-key', encoding: 'float', others: { input_type: 'query' } };
  t.deepEqual<unknown, unknown>(first, { ...common, dimensions: 24 });
  t.deepEqual<unknown, unknown>(second, common);
});

test.serial('what is no vector is an error with the status, which does not quote the answer', async (t) => {
  const embed = createEmbedder({ baseUrl: provider.url });
  t.teardown(() => {
    provider.script = () => undefined;
  });
  const cases = [
    { answer: { status: 429, body: { error: { message: 'red shoes' } } }, status: 429, says: /named-here .*: status 429$/ },
    { answer: { status: 200, body: { error: { message: 'red shoes' } } }, status: 200, says: /the answer has no vector$/ },
    { answer: { status: 200, body: { data: [{ embedding: [1, null] }] } }, status: 200, says: /the answer has no vector$/ },
    { answer: { cut: true } as const, status: undefined, says: /no readable answer$/ },
  ];
  for (const { answer, status, says } of cases) {
    provider.script = () => answer;
    const error = await t.throwsAsync(embed('red shoes', MODEL), { instanceOf: EmbeddingFailed, code: 'embedding_failed', message: says });
    t.is(error?.status, status);
  }
});

test.serial('a provider that does not answer is given up after the time limit, and at once if the query is abandoned', async (t) => {
  const silent = createServer(() => {});
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  t.teardown(() => silent.close().closeAllConnections());
  const baseUrl = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/v1`;
  await t.throwsAsync(createEmbedder({ baseUrl, timeoutSeconds: 0.2 })('red shoes', MODEL), { message: /no answer within 0.2 s$/ });
  const reason = new Error('nobody waits');
  await t.throwsAsync(createEmbedder({ baseUrl })('red shoes', MODEL, AbortSignal.abort(reason)), { is: reason });
});

test.serial('a redirect is not followed, so neither key nor query reach another host', async (t) => {
  provider.requests.length = 0;
  const elsewhere = createServer((_, response) => response.writeHead(307, { location: `${provider.url}/embeddings` }).end());
  await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
  t.teardown(() => elsewhere.close());
  const embed = createEmbedder({ apiKey: 'a-key', baseUrl: `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/v1` });
  await t.throwsAsync(embed('red shoes', MODEL), { instanceOf: EmbeddingFailed });
  t.is(provider.requests.length, 0);
});
