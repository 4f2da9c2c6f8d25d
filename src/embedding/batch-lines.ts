import type { Encoding } from './encoding.ts';
import type { ModelRow } from './models.ts';
import { type Embedded, readAnswer } from './provider.ts';
import { wordOf } from './provider-error.ts';

/** The answer to one request, from a line of a batch's output or error file. */
export interface AnsweredRequest {
  customId: string;
  /** body of a successful answer; undefined otherwise */
  body: unknown;
  /** why there is no body: a status and a code, never a message, which may quote a text */
  failure: string;
}

/**
 * An embedding request as a line of a batch input file.
 *
 * @param customId identifies the request in the batch, at most 64 characters
 */
export function requestLine(customId: string, body: unknown): string {
  return `${JSON.stringify({ custom_id: customId, method: 'POST', url: '/v1/embeddings', body })}\n`;
}

/** Parses a line of a batch's output or error file; undefined when it is not an answer. */
export function readAnsweredRequest(line: string): AnsweredRequest | undefined {
  let answer: {
    custom_id?: unknown;
    response?: { status_code?: number; body?: { error?: { code?: unknown; type?: unknown } } } | null;
    error?: { code?: unknown } | null;
  } | null;
  try {
    answer = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof answer?.custom_id !== 'string') return undefined;
  const status = answer.response?.status_code;
  if (status === 200 && !answer.error) return { customId: answer.custom_id, body: answer.response?.body, failure: '' };
  const refusal = answer.response?.body?.error;
  const code = answer.error?.code ?? refusal?.code ?? refusal?.type;
  return { customId: answer.custom_id, body: undefined, failure: [status, wordOf(code)].filter(Boolean).join(' ') || 'unknown' };
}

/**
 * The vectors of a successful answer, in the order of the texts, with the same checks as for any other answer.
 *
 * @throws BadAnswer
 */
export function vectorsOf({ body }: AnsweredRequest, model: ModelRow, count: number, encoding: Encoding): Embedded {
  return readAnswer((body ?? {}) as Parameters<typeof readAnswer>[0], model, count, encoding);
}
