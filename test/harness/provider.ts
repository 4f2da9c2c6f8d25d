import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Encoding } from '../../src/embedding/encoding.ts';
import { answerBatchCall } from './answer-batch-call.ts';
import { type BatchApiServer, createBatchApiServer } from './batch-api.ts';

/** A request as received by the server. */
export interface SeenRequest {
  model: string;
  input: string[];
  key: string;
  dimensions?: number;
  encoding: Encoding;
  /** further parameters */
  others: Record<string, unknown>;
  /** time of arrival, in milliseconds */
  at: number;
}

/**
 * A scripted answer in place of good vectors. `cut` closes the connection without an answer. If `encoding` is left out,
 * vectors are encoded as requested.
 */
export type ScriptedAnswer =
  | { status: number; body?: unknown; headers?: Record<string, string> }
  | { vectors?: (number[] | Float32Array | null)[]; indexes?: number[]; encoding?: Encoding }
  | { cut: true }
  | undefined;

/** An OpenAI-compatible server with reproducible vectors and scripted faults. */
export interface TestProvider {
  url: string;
  requests: SeenRequest[];
  /** decides the answer of a request; undefined for good vectors */
  script: (request: SeenRequest, count: number) => ScriptedAnswer | Promise<ScriptedAnswer>;
  /** files and batches; not offered unless a test enables it */
  batchApi: BatchApiServer;
  close(): Promise<void>;
}

/**
 * The vector of a text by the model of this name. Words are hashed to dimensions, so texts with common words are near
 * each other; each model has a vector space of its own.
 */
export function vectorOf(model: string, text: string, dimensions: number): Float32Array {
  const vector = new Float32Array(dimensions);
  for (const word of text.toLowerCase().split(/\W+/).filter(Boolean)) {
    const digest = createHash('sha256').update(`${model}/${word}`).digest();
    for (let i = 0; i < 4; i++) {
      const place = digest.readUInt32BE(i * 4) % dimensions;
      vector[place] = (vector[place] ?? 0) + ((digest[16 + i] ?? 0) % 2 === 0 ? 1 : -1);
    }
  }
  // A component that depends on the whole text makes vectors of different texts different, and none of them zero.
  const whole = createHash('sha256').update(`${model}/${text}`).digest();
  for (let i = 0; i < 8; i++) {
    const place = whole.readUInt16BE(i * 2) % dimensions;
    vector[place] = (vector[place] ?? 0) + ((whole[16 + i] ?? 0) + 1) / 512;
  }
  return vector;
}

/** Starts a provider with the given models and their dimensions. */
export async function startProvider(models: Record<string, number>): Promise<TestProvider> {
  const provider: TestProvider = {
    url: '',
    requests: [],
    script: () => undefined,
    batchApi: createBatchApiServer(),
    close: async () => {},
  };
  const server = createServer((request, response) => {
    answer(request, response, provider, models).catch((error) => send(response, 500, { error: { message: String(error) } }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  provider.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  provider.close = () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  return provider;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  provider: TestProvider,
  models: Record<string, number>,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const content = Buffer.concat(chunks);
  if (/^\/v1\/(files|batches)\b/.test(request.url ?? '')) {
    const served = await answerBatchCall(provider.batchApi, request, content, (line) => embed(line, models));
    if (!served) request.socket.destroy();
    else if (served.type) response.writeHead(served.status, { 'content-type': served.type }).end(served.body);
    else send(response, served.status, served.body);
    return;
  }
  const body = JSON.parse(content.toString('utf8')) as EmbeddingBody;
  const { model, input, encoding_format, dimensions, ...others } = body;
  const seen: SeenRequest = {
    others,
    model: body.model,
    input: [body.input].flat(),
    encoding: (body.encoding_format as Encoding | undefined) ?? 'float',
    at: Date.now(),
    key: (request.headers.authorization ?? '').replace('Bearer ', ''),
    ...(body.dimensions ? { dimensions: body.dimensions } : {}),
  };
  provider.requests.push(seen);
  const scripted = await provider.script(seen, provider.requests.length);
  if (scripted && 'status' in scripted) {
    for (const [name, value] of Object.entries(scripted.headers ?? {})) response.setHeader(name, value);
    return send(response, scripted.status, scripted.body ?? { error: { message: `scripted ${scripted.status}` } });
  }
  if (scripted && 'cut' in scripted) {
    request.socket.destroy();
    return;
  }
  const answered = embed(body, models, scripted);
  send(response, answered.status, answered.body);
}

interface EmbeddingBody {
  model: string;
  input: string | string[];
  dimensions?: number;
  encoding_format?: string;
}

/** The answer to a request, through either API. */
export function embed(
  body: EmbeddingBody,
  models: Record<string, number>,
  scripted?: { vectors?: (number[] | Float32Array | null)[]; indexes?: number[]; encoding?: Encoding },
): { status: number; body: unknown } {
  const input = [body.input].flat();
  const dimensions = models[body.model];
  if (dimensions === undefined) return { status: 404, body: { error: { message: `The model ${body.model} does not exist` } } };
  const encoding = scripted?.encoding ?? body.encoding_format ?? 'float';
  const vectors = scripted?.vectors ?? input.map((text) => vectorOf(body.model, text, dimensions));
  const tokens = input.join(' ').length >> 2;
  return {
    status: 200,
    body: {
      object: 'list',
      model: body.model,
      data: vectors.map((vector, i) => ({
        object: 'embedding',
        index: scripted?.indexes?.[i] ?? i,
        embedding: vector && (encoding === 'base64' ? toBase64(vector) : Array.from(vector)),
      })),
      usage: { prompt_tokens: tokens, total_tokens: tokens },
    },
  };
}

/** Base64 of little-endian float32 numbers, as sent by OpenAI. A null stands for NaN, as in JSON. */
export function toBase64(vector: ArrayLike<number | null>): string {
  return Buffer.from(Float32Array.from(vector, (component) => component ?? Number.NaN).buffer).toString('base64');
}

/** A string is sent unchanged, so it is not JSON, whatever the header says. */
function send(response: ServerResponse, status: number, body: unknown): void {
  if (!response.hasHeader('content-type')) response.setHeader('content-type', 'application/json');
  response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body));
}
