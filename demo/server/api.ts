import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { allModels } from '../models/all-models.ts';
import type { Lanes } from './lanes.ts';
import { ApiError, parseEmbeddingRequest } from './request.ts';

const MOST_BYTES = 32 * 1024 * 1024;

/** The embeddings endpoint of the OpenAI API, answered by `lanes`. */
export function embeddingApi(lanes: Lanes): RequestListener {
  return async (request, response) => {
    try {
      send(response, 200, await answer(request, response, lanes));
    } catch (error) {
      if (response.destroyed) return;
      const { status, message, code, param } = error instanceof ApiError ? error : new ApiError(500, String(error));
      const type = status < 500 ? 'invalid_request_error' : 'server_error';
      send(response, status, { error: { message, type, param, code } });
    }
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, lanes: Lanes): Promise<object> {
  // Any key is accepted, but a missing one is refused, because a real provider would refuse it first.
  if (!/^Bearer \S/.test(request.headers.authorization ?? '')) {
    throw new ApiError(401, 'Send an API key: Authorization: Bearer <any key>', { code: 'invalid_api_key' });
  }
  const route = `${request.method} ${request.url?.split('?')[0]}`;
  if (route === 'GET /v1/models') return listModels();
  if (route === 'POST /v1/embeddings') return embed(request, response, lanes);
  throw new ApiError(404, `Unknown route ${route}; use POST /v1/embeddings or GET /v1/models`, { code: 'unknown_url' });
}

function listModels(): object {
  const data = [...allModels.keys()].map((id) => ({ id, object: 'model', created: 0, owned_by: 'pg-reembed-demo' }));
  return { object: 'list', data };
}

async function embed(request: IncomingMessage, response: ServerResponse, lanes: Lanes): Promise<object> {
  const { model, texts, base64 } = parseEmbeddingRequest(await readBody(request));
  // A client that gave up will retry: do not compute for both requests.
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const { vectors, tokens } = await lanes.embed(model.name, texts, gone.signal);
  const data = vectors.map((vector, index) => ({
    object: 'embedding',
    index,
    embedding: base64 ? Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString('base64') : [...vector],
  }));
  return { object: 'list', data, model: model.name, usage: { prompt_tokens: tokens, total_tokens: tokens } };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // A body that is too long is still read to its end, because a client reads no answer while it sends.
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= MOST_BYTES) chunks.push(chunk);
  }
  if (bytes > MOST_BYTES) throw new ApiError(413, `The body is longer than ${MOST_BYTES} bytes`);
  return Buffer.concat(chunks).toString();
}

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
