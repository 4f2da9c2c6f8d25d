import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { BatchApiServer, EmbedLine, ServedBatch } from './batch-api.ts';
import { goOn, OVER } from './batch-states.ts';

interface Served {
  status: number;
  body: unknown;
  type?: string;
}

/**
 * Answers a call of the batch API.
 *
 * @returns undefined when the connection is to be closed; an answer with status 404 for an object that does not exist
 */
export async function answerBatchCall(
  server: BatchApiServer,
  request: IncomingMessage,
  content: Buffer,
  embed: EmbedLine,
): Promise<Served | undefined> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const path = url.pathname.replace(/^\/v1/, '');
  const call = `${request.method} ${path.replace(/(file|batch)_[0-9a-f-]+/, ':id')}`;
  server.calls.push(call);
  if (!server.isOffered) return refusal(404, `no such path: ${path}`);
  if (server.refuse?.call === call) return refusal(server.refuse.status, server.refuse.message);
  if ((await server.intercept(call, 'before')) === 'cut') return undefined;
  const answer = await carryOut(server, { call, id: path.split('/')[2] ?? '', url, request, content }, embed);
  return (await server.intercept(call, 'after')) === 'cut' ? undefined : answer;
}

interface Call {
  /** method and path, without the id */
  call: string;
  id: string;
  url: URL;
  request: IncomingMessage;
  content: Buffer;
}

async function carryOut(server: BatchApiServer, { call, id, url, request, content }: Call, embed: EmbedLine): Promise<Served> {
  const file = server.files.get(id);
  const batch = server.batches.get(id);
  switch (call) {
    case 'POST /files':
      return upload(server, request, content);
    case 'GET /files':
      return list([...server.files].map(([fileId, { name }]) => ({ id: fileId, object: 'file', filename: name, purpose: 'batch' })));
    case 'GET /files/:id/content':
      return file ? { status: 200, body: file.content, type: 'application/octet-stream' } : refusal(404, `no such file: ${id}`);
    case 'DELETE /files/:id':
      return server.files.delete(id) ? { status: 200, body: { id, object: 'file', deleted: true } } : refusal(404, `no such file: ${id}`);
    case 'POST /batches':
      return create(server, JSON.parse(content.toString('utf8')));
    case 'GET /batches':
      return list([...server.batches.values()].reverse().slice(0, Number(url.searchParams.get('limit') ?? 20)));
    case 'GET /batches/:id':
      if (batch) goOn(server, batch, embed);
      return batch ? { status: 200, body: batch } : refusal(404, `no such batch: ${id}`);
    case 'POST /batches/:id/cancel':
      if (!batch || OVER.includes(batch.status)) return refusal(batch ? 409 : 404, 'nothing to cancel');
      batch.status = 'cancelling';
      return { status: 200, body: batch };
    default:
      return refusal(404, `no such path: ${url.pathname}`);
  }
}

async function upload(server: BatchApiServer, request: IncomingMessage, content: Buffer): Promise<Served> {
  const headers = { 'content-type': request.headers['content-type'] ?? '' };
  const form = await new Response(new Uint8Array(content), { headers }).formData();
  const file = form.get('file') as File;
  if (form.get('purpose') !== 'batch' || !file.name.endsWith('.jsonl')) return refusal(400, 'a batch needs a .jsonl file of purpose batch');
  const id = `file_${randomUUID()}`;
  server.files.set(id, { name: file.name, content: await file.text() });
  return { status: 200, body: { id, object: 'file', filename: file.name, purpose: 'batch', bytes: file.size, status: 'processed' } };
}

function create(
  server: BatchApiServer,
  body: { input_file_id: string; endpoint: string; completion_window: string; metadata?: Record<string, string> },
): Served {
  if (body.endpoint !== '/v1/embeddings' || body.completion_window !== '24h') return refusal(400, 'endpoint or completion_window');
  const file = server.files.get(body.input_file_id);
  if (!file) return refusal(400, `no such file: ${body.input_file_id}`);
  const batch: ServedBatch = {
    id: `batch_${randomUUID()}`,
    status: 'validating',
    input_file_id: body.input_file_id,
    output_file_id: null,
    error_file_id: null,
    metadata: body.metadata ?? {},
    created_at: Math.floor(Date.now() / 1000),
    request_counts: { total: 0, completed: 0, failed: 0 },
    errors: null,
  };
  server.batches.set(batch.id, batch);
  return { status: 200, body: batch };
}

function list(data: unknown[]): Served {
  return { status: 200, body: { object: 'list', data, has_more: false } };
}

function refusal(status: number, message: string): Served {
  return { status, body: { error: { message, type: 'invalid_request_error', code: null } } };
}
