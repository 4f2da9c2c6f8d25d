import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';
import type { ModelRow } from '../src/embedding/models.ts';
import { createProvider } from '../src/embedding/provider.ts';
import { accessTo } from './harness/access.ts';

const MODEL = {
  name: 'model',
  provider_model: 'model',
  dimensions: 8,
  document_prefix: '',
  query_prefix: '',
  send_dimensions: false,
} as ModelRow;
const GOOD = { data: [{ index: 0, embedding: [1, 2, 3, 4, 5, 6, 7, 8] }] };

type Answer = (request: IncomingMessage, response: ServerResponse) => unknown;

async function serve(t: ExecutionContext, answer: Answer): Promise<string> {
  const server = createServer((request, response) => void answer(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
}

const embed = (baseUrl: string) =>
  createProvider(MODEL, accessTo(baseUrl, 'sk-secret-of-the-test'), { timeoutSeconds: 20, mostInFlight: 1 }).embed(['a text'], 'document');

test('an answer that unpacks to 300 MB is given up long before', async (t) => {
  let unpacked = 0;
  const url = await serve(t, (_, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
    function* pieces() {
      yield '{"data":[],"padding":"';
      for (let megabyte = 0; megabyte < 300; megabyte++) {
        unpacked = megabyte;
        yield '0'.repeat(1024 * 1024);
      }
      yield '"}';
    }
    return pipeline(Readable.from(pieces()), createGzip(), response).catch(() => {});
  });
  const error = await t.throwsAsync(embed(url), { code: 'answer_too_large' });
  t.regex(error?.message ?? '', /more than 1\.0 MB/);
  t.true(unpacked < 300);
});

for (const status of [301, 302, 307, 308]) {
  test(`a redirect (${status}) is not followed: neither text nor key goes to another address`, async (t) => {
    let elsewhere = 0;
    const other = await serve(t, (_, response) => {
      elsewhere += 1;
      response.end(JSON.stringify(GOOD));
    });
    const url = await serve(t, (_, response) => response.writeHead(status, { location: `${other}/embeddings` }).end());
    const error = await t.throwsAsync(embed(url), { code: 'provider_redirects' });
    t.notRegex(error?.message ?? '', /secret/);
    t.is(elsewhere, 0);
  });
}

for (const [tokens, counted] of [
  [12, 12],
  ['12', 0],
  [1e300, 0],
  [-5, 0],
  [1.5, 0],
  [null, 0],
] as const) {
  test(`usage of ${JSON.stringify(tokens)} tokens counts as ${counted}, and the vectors are taken`, async (t) => {
    const url = await serve(t, (_, response) => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ ...GOOD, usage: { total_tokens: tokens } }));
    });
    const { vectors, tokens: taken } = await embed(url);
    t.is(taken, counted);
    t.deepEqual([...(vectors[0] ?? [])], GOOD.data[0]?.embedding);
  });
}
