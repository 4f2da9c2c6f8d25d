import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** A batch as stored by the server. */
export interface ServedBatch {
  id: string;
  status: string;
  input_file_id: string;
  output_file_id: string | null;
  error_file_id: string | null;
  metadata: Record<string, string>;
  created_at: number;
  request_counts: { total: number; completed: number; failed: number };
  errors: { object: 'list'; data: { code: string; message: string; line: number | null; param: string | null }[] } | null;
}

/** A request of a batch, as parsed by the server from the file. */
export interface ServedLine {
  custom_id: string;
  method: string;
  url: string;
  body: { model: string; input: string[]; dimensions?: number; encoding_format?: string };
}

/** The answer to a request; undefined when the batch expired or was cancelled before it was processed. */
export type LineAnswer = { status: number; body: unknown } | undefined;

interface Served {
  status: number;
  body: unknown;
  type?: string;
}

/**
 * The batch API of a provider as documented by OpenAI: files, batches with their states, output and error files,
 * expiry. A batch advances by one state each time it is retrieved, unless a script says otherwise.
 */
export interface BatchApiServer {
  /** whether the server has a batch API at all */
  isOffered: boolean;
  files: Map<string, { name: string; content: string }>;
  batches: Map<string, ServedBatch>;
  /** texts that were embedded through the batch API, in order */
  embedded: string[];
  /** calls, such as `POST /batches`, in order of arrival */
  calls: string[];
  /** maximum number of tokens in all open batches together, with four characters per token */
  mostTokens: number;
  /** next state of a batch when it is retrieved; undefined for the default next state */
  script: (batch: ServedBatch) => string | undefined;
  /** outcome of a request, if it is not a good answer; `expired` leaves it unprocessed */
  scriptLine: (line: ServedLine, position: number) => LineAnswer | 'expired' | 'good';
  /** a call that is refused */
  refuse: { call: string; status: number; message: string } | undefined;
  /** runs before and after a call is executed; returning `cut` closes the connection without an answer */
  intercept: (call: string, when: 'before' | 'after') => Promise<'cut' | undefined> | 'cut' | undefined;
  /** while true, every open batch keeps its state */
  isHeld: boolean;
}

const NEXT: Record<string, string> = {
  validating: 'in_progress',
  in_progress: 'finalizing',
  finalizing: 'completed',
  cancelling: 'cancelled',
};
const OVER = ['completed', 'failed', 'expired', 'cancelled'];

/** A server that offers the batch API once a test enables it. */
export function createBatchApiServer(): BatchApiServer {
  return {
    isOffered: false,
    files: new Map(),
    batches: new Map(),
    embedded: [],
    calls: [],
    mostTokens: Number.POSITIVE_INFINITY,
    script: () => undefined,
    scriptLine: () => 'good',
    refuse: undefined,
    intercept: () => undefined,
    isHeld: false,
  };
}

/** Resets the server and lets it complete every batch immediately. */
export function offerBatchApi(server: BatchApiServer): void {
  Object.assign(server, createBatchApiServer(), { isOffered: true, script: () => 'completed' } satisfies Partial<BatchApiServer>);
}

/**
 * Answers a call of the batch API.
 *
 * @param embed the answer to a request of a batch, as the server would give it to an ordinary request
 * @returns undefined when the connection is to be closed; an answer with status 404 for an object that does not exist
 */
export async function answerBatchCall(
  server: BatchApiServer,
  request: IncomingMessage,
  content: Buffer,
  embed: (body: ServedLine['body']) => { status: number; body: unknown },
): Promise<Served | undefined> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const path = url.pathname.replace(/^\/v1/, '');
  const call = `${request.method} ${path.replace(/(file|batch)_[0-9a-f-]+/, ':id')}`;
  server.calls.push(call);
  if (!server.isOffered) return refusal(404, `no such path: ${path}`);
  if (server.refuse?.call === call) return refusal(server.refuse.status, server.refuse.message);
  if ((await server.intercept(call, 'before')) === 'cut') return undefined;
  const answer = await carryOut(server, call, path.split('/')[2] ?? '', url, request, content, embed);
  return (await server.intercept(call, 'after')) === 'cut' ? undefined : answer;
}

async function carryOut(
  server: BatchApiServer,
  call: string,
  id: string,
  url: URL,
  request: IncomingMessage,
  content: Buffer,
  embed: (body: ServedLine['body']) => { status: number; body: unknown },
): Promise<Served> {
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

function goOn(server: BatchApiServer, batch: ServedBatch, embed: (body: ServedLine['body']) => { status: number; body: unknown }): void {
  if (server.isHeld || OVER.includes(batch.status)) return;
  const next = server.script(batch) ?? NEXT[batch.status] ?? batch.status;
  if (batch.status === 'validating') {
    const fault = next === 'failed' ? { code: 'scripted', message: 'scripted failure' } : faultOf(server, batch);
    if (fault) {
      batch.status = 'failed';
      batch.errors = { object: 'list', data: [{ ...fault, line: null, param: null }] };
      return;
    }
    batch.request_counts.total = linesOf(server, batch).length;
  }
  batch.status = next;
  if (['completed', 'expired', 'cancelled'].includes(next)) finish(server, batch, embed);
}

/** The error that validation finds, as far as OpenAI documents its checks. */
function faultOf(server: BatchApiServer, batch: ServedBatch): { code: string; message: string } | undefined {
  const lines = linesOf(server, batch);
  if (lines.length === 0) return { code: 'empty_file', message: 'the file is empty' };
  if (new Set(lines.map(({ custom_id: id }) => id)).size < lines.length) return { code: 'duplicate_custom_id', message: 'custom_id twice' };
  if (lines.some(({ custom_id: id }) => id.length > 64)) return { code: 'invalid_custom_id', message: 'custom_id too long' };
  if (lines.some(({ method, url }) => method !== 'POST' || url !== '/v1/embeddings')) return { code: 'invalid_url', message: 'url' };
  if (new Set(lines.map(({ body }) => body.model)).size > 1) return { code: 'mismatched_model', message: 'one model a batch' };
  if (lines.length > 50_000 || lines.reduce((sum, { body }) => sum + body.input.length, 0) > 50_000)
    return { code: 'too_many', message: 'more than 50,000' };
  const open = [...server.batches.values()].filter((other) => !OVER.includes(other.status));
  const tokens = open.reduce((sum, other) => sum + tokensOf(server, other), 0);
  return tokens > server.mostTokens ? { code: 'token_limit_exceeded', message: 'Enqueued token limit reached.' } : undefined;
}

function tokensOf(server: BatchApiServer, batch: ServedBatch): number {
  return linesOf(server, batch).reduce((sum, { body }) => sum + body.input.join('').length / 4, 0);
}

function linesOf(server: BatchApiServer, batch: ServedBatch): ServedLine[] {
  const content = server.files.get(batch.input_file_id)?.content ?? '';
  return content
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as ServedLine);
}

function finish(server: BatchApiServer, batch: ServedBatch, embed: (body: ServedLine['body']) => { status: number; body: unknown }): void {
  const output: unknown[] = [];
  const errors: unknown[] = [];
  for (const [position, line] of linesOf(server, batch).entries()) {
    const scripted = server.scriptLine(line, position);
    const answer = scripted === 'good' ? embed(line.body) : scripted;
    const answered = { id: `batch_req_${randomUUID()}`, custom_id: line.custom_id };
    if (answer === undefined || answer === 'expired') {
      const code = batch.status === 'expired' ? 'batch_expired' : 'batch_cancelled';
      errors.push({ ...answered, response: null, error: { code, message: 'This request could not be executed in time.' } });
      continue;
    }
    const full = { ...answered, response: { status_code: answer.status, request_id: randomUUID(), body: answer.body }, error: null };
    (answer.status === 200 ? output : errors).push(full);
    if (answer.status === 200) server.embedded.push(...line.body.input);
  }
  // The answers are not in the order of the requests.
  output.reverse();
  batch.output_file_id = keep(server, output);
  batch.error_file_id = keep(server, errors);
  batch.request_counts = { total: output.length + errors.length, completed: output.length, failed: errors.length };
}

function keep(server: BatchApiServer, lines: unknown[]): string | null {
  if (lines.length === 0) return null;
  const id = `file_${randomUUID()}`;
  server.files.set(id, { name: `${id}.jsonl`, content: `${lines.map((line) => JSON.stringify(line)).join('\n')}\n` });
  return id;
}

function list(data: unknown[]): Served {
  return { status: 200, body: { object: 'list', data, has_more: false } };
}

function refusal(status: number, message: string): Served {
  return { status, body: { error: { message, type: 'invalid_request_error', code: null } } };
}
