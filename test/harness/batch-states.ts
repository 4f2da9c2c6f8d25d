import { randomUUID } from 'node:crypto';
import type { BatchApiServer, EmbedLine, ServedBatch, ServedLine } from './batch-api.ts';

const NEXT: Record<string, string> = {
  validating: 'in_progress',
  in_progress: 'finalizing',
  finalizing: 'completed',
  cancelling: 'cancelled',
};
/** States in which a batch stays. */
export const OVER = ['completed', 'failed', 'expired', 'cancelled'];

/** Moves a batch to its next state, if it has one. */
export function goOn(server: BatchApiServer, batch: ServedBatch, embed: EmbedLine): void {
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

function finish(server: BatchApiServer, batch: ServedBatch, embed: EmbedLine): void {
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
