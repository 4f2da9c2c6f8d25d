import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { createBatchApi } from '../src/embedding/batch-api.ts';
import { readAnsweredRequest, requestLine, vectorsOf } from '../src/embedding/batch-lines.ts';
import type { ModelRow } from '../src/embedding/models.ts';
import { createProvider, embeddingRequest } from '../src/embedding/provider.ts';
import { customIdOf, requestsOf } from '../src/worker/batch-api/requests.ts';
import { accessTo } from './harness/access.ts';
import { vectorOf } from './harness/provider.ts';

const model: ModelRow = {
  name: 'space',
  provider_model: 'model',
  dimensions: 4,
  element_type: 'vector',
  distance: 'cosine',
  document_prefix: 'passage: ',
  query_prefix: 'query: ',
  send_dimensions: true,
  token_limit: null,
  usd_per_million_tokens: null,
  provider: null,
};

/** A batch API behind a server that answers everything in one way. */
async function apiOf(t: ExecutionContext, answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  return createBatchApi(accessTo(baseUrl, 'test-secret-key'), { timeoutSeconds: 1 });
}

async function allOf(lines: AsyncGenerator<string>): Promise<string[]> {
  const all: string[] = [];
  for await (const line of lines) all.push(line);
  return all;
}

for (const status of [403, 404, 405, 501]) {
  test(`a provider that answers ${status} to a request for its batches has no batch API`, async (t) => {
    const api = await apiOf(t, (_, response) => response.writeHead(status).end('{"error": {"message": "no"}}'));
    await t.throwsAsync(api.requireOffered(), { code: 'batch_api_missing', message: new RegExp(`offers no batch API \\(${status}\\)`) });
    await t.throwsAsync(api.upload('a.jsonl', [Buffer.from('{}')]), { code: 'batch_api_missing' });
    await t.throwsAsync(api.create('file', {}), { code: 'batch_api_missing' });
  });
}

test('a provider that answers with a page instead of a list has no batch API', async (t) => {
  const api = await apiOf(t, (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>welcome</html>'));
  await t.throwsAsync(api.requireOffered(), { code: 'batch_api_missing', message: /its answer is not a list of batches/ });
});

test('a login that is refused and a provider in trouble are distinguished from one without a batch API', async (t) => {
  for (const [status, code] of [
    [401, 'provider_login'],
    [429, 'provider_unavailable'],
    [503, 'provider_unavailable'],
  ] as const) {
    const api = await apiOf(t, (_, response) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end('{"error": {"message": "not with test-secret-key"}}'),
    );
    const error = await t.throwsAsync(api.requireOffered(), { code });
    t.notRegex(error?.message ?? '', /test-secret-key/);
  }
});

test('lines are complete in whatever pieces they arrive', async (t) => {
  const content = Buffer.from('{"first": "€ and 語"}\n\n{"second": 2}\n{"third": "without an end"}');
  for (const size of [1, 7, 1000]) {
    const api = await apiOf(t, (_, response) => {
      for (let at = 0; at < content.length; at += size) response.write(content.subarray(at, at + size));
      response.end();
    });
    t.deepEqual(await allOf(api.readLines('file')), ['{"first": "€ and 語"}', '{"second": 2}', '{"third": "without an end"}']);
  }
});

test('a file that stops in the middle, or whose connection is cut, is not taken for complete', async (t) => {
  const stopped = await apiOf(t, (_, response) => {
    response.write('{"first": 1}\n{"second');
  });
  await t.throwsAsync(allOf(stopped.readLines('file')), { code: 'provider_unavailable', message: /an answer brought no data for 1 s/ });
  const cut = await apiOf(t, (request, response) => {
    response.write('{"first": 1}\n{"second');
    setTimeout(() => request.socket.destroy(), 100);
  });
  await t.throwsAsync(allOf(cut.readLines('file')), { code: 'provider_unavailable' });
});

test('a file that is gone has no lines', async (t) => {
  const api = await apiOf(t, (_, response) => response.writeHead(404, { 'content-type': 'application/json' }).end('{}'));
  t.deepEqual(await allOf(api.readLines('file')), []);
  await t.notThrowsAsync(api.removeFile('file'));
  t.is(await api.retrieve('batch'), undefined);
});

test('a request of a batch has the same body as an ordinary one', (t) => {
  const line = requestLine('one', embeddingRequest(model, ['a text'], 'document', 'base64', {}));
  t.true(line.endsWith('\n'));
  t.deepEqual(JSON.parse(line), {
    custom_id: 'one',
    method: 'POST',
    url: '/v1/embeddings',
    body: { model: 'model', input: ['passage: a text'], encoding_format: 'base64', dimensions: 4 },
  });
});

test('only the status and the code of a failed request are kept, never a message that may quote a text', (t) => {
  const line = (value: unknown) => readAnsweredRequest(JSON.stringify({ custom_id: 'one', ...(value as object) }));
  t.is(line({ response: null, error: { code: 'batch_expired', message: 'my secret text' } })?.failure, 'batch_expired');
  t.is(
    line({ response: { status_code: 400, body: { error: { message: 'my secret text', type: 'invalid_request_error' } } } })?.failure,
    '400 invalid_request_error',
  );
  t.is(line({ response: { status_code: 400, body: { error: { code: 'my secret text' } } } })?.failure, '400');
  t.is(line({ response: null, error: null })?.failure, 'unknown');
  t.is(line({ response: { status_code: 200, body: {} }, error: { code: 'odd' } })?.failure, '200 odd');
  t.is(readAnsweredRequest('no JSON'), undefined);
  t.is(readAnsweredRequest('null'), undefined);
  t.is(readAnsweredRequest('{"response": {"status_code": 200}}'), undefined);
});

test('a valid answer gives vectors in the order of the texts, and an invalid one is refused', (t) => {
  const [first, second] = ['first', 'second'].map((text) => vectorOf('model', text, 4)) as [Float32Array, Float32Array];
  const body = (data: unknown) => ({ customId: 'one', body: { data, usage: { total_tokens: 7 } }, failure: '' });
  const good = body([
    { index: 1, embedding: Array.from(second) },
    { index: 0, embedding: Array.from(first) },
  ]);
  t.deepEqual(vectorsOf(good, model, 2, 'float').vectors, [first, second]);
  t.is(vectorsOf(good, model, 2, 'float').tokens, 7);
  t.throws(() => vectorsOf(good, model, 3, 'float'), { code: 'wrong_count' });
  t.throws(() => vectorsOf({ customId: 'one', body: undefined, failure: '' }, model, 1, 'float'), { code: 'wrong_count' });
  t.throws(() => vectorsOf(body([{ index: 0, embedding: [1, 2] }]), model, 1, 'float'), { code: 'wrong_dimensions' });
});

test('rows become requests of fifty texts at most, each text once, and every row finds its own', (t) => {
  const rows = Array.from({ length: 130 }, (_, i) => ({
    keyText: `{"id": ${i}}`,
    text: `text ${i % 120}`,
    textHash: String(i % 120),
    version: null,
    failure: i === 5 ? { code: 'text_expression_fails' as const, message: 'fails' } : null,
    wave: 1,
  }));
  const provider = createProvider(model, accessTo('http://localhost/v1'), { timeoutSeconds: 1, mostInFlight: 1 });
  const batch = { id: '0a0a0a0a-0a0a-4a0a-8a0a-0a0a0a0a0a0a' } as Parameters<typeof customIdOf>[0];
  const options = {
    firstNumber: 8,
    customId: (number: number) => customIdOf(batch, 3, number),
    encoding: 'float' as const,
    limits: { inputs: 2048, tokens: 100_000 },
    tokensPerCharacter: 0.25,
  };
  const requests = requestsOf(rows, provider, options);
  t.deepEqual(
    requests.map(({ number, inputs }) => [number, inputs]),
    [
      [8, 50],
      [9, 50],
      [10, 20],
    ],
  );
  const found = requests.flatMap(({ line, rows: carried }) => {
    const { body } = JSON.parse(line.toString()) as { body: { input: string[] } };
    return carried.map(({ row, input }) => [row, body.input[input]] as const);
  });
  t.is(found.length, 129);
  for (const [row, text] of found) t.is(text, `passage: ${row.text}`);
  const ids = requests.map(({ line }) => (JSON.parse(line.toString()) as { custom_id: string }).custom_id);
  t.true(ids.every((id) => id.length <= 64));
  t.is(new Set(ids).size, 3);
  t.deepEqual(
    requestsOf(rows, provider, { ...options, limits: { inputs: 32, tokens: 100_000 } }).map(({ inputs }) => inputs),
    [32, 32, 32, 24],
  );
});
