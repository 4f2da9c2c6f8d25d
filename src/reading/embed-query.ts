import type { ServedModel } from './reading.ts';

/**
 * Embeds the text of a query with a model; also responsible for the model's prefix.
 *
 * @param signal aborted when the vector is no longer needed
 */
export type EmbedQuery = (text: string, model: ServedModel, signal?: AbortSignal) => Promise<ArrayLike<number>>;

/** Options of createEmbedder(). */
export interface EmbedderOptions {
  /** bearer token; undefined: none is sent */
  apiKey?: string | undefined;
  /** address up to `/v1`; OpenAI when left out */
  baseUrl?: string | undefined;
  /** further parameters of the request, such as `{ input_type: 'query' }` */
  parameters?: Record<string, unknown>;
  /** longest wait for an answer; 10 when left out */
  timeoutSeconds?: number;
}

/** The provider returned no vector. The message does not repeat its answer, which may quote the query. */
export class EmbeddingFailed extends Error {
  override readonly name = 'EmbeddingFailed';
  readonly code = 'embedding_failed';
  /** status of the answer, 200 if it held no vector; undefined without an answer */
  readonly status: number | undefined;

  constructor(model: string, reason: string, status?: number, options?: ErrorOptions) {
    super(`${model} returned no vector for a query: ${reason}`, options);
    this.status = status;
  }
}

const OPENAI = 'https://api.openai.com/v1';
const TIMEOUT_SECONDS = 10;

/**
 * Creates a function that embeds queries with an OpenAI-compatible API, in one request without retries. It sends the model's name at the
 * provider, the prefix of its queries, and its dimensions where the campaign sends them.
 *
 * @returns a function that throws EmbeddingFailed, or the reason of its signal
 */
export function createEmbedder({ apiKey, baseUrl = OPENAI, parameters, timeoutSeconds = TIMEOUT_SECONDS }: EmbedderOptions): EmbedQuery {
  const address = `${baseUrl.replace(/\/+$/, '')}/embeddings`;
  const headers = { 'content-type': 'application/json', ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }) };
  return async (text, model, signal) => {
    const timeout = AbortSignal.timeout(timeoutSeconds * 1000);
    const body = {
      model: model.provider_model,
      input: [model.query_prefix + text],
      encoding_format: 'float',
      ...(model.send_dimensions ? { dimensions: model.dimensions } : {}),
      ...parameters,
    };
    let answer: unknown;
    let status: number | undefined;
    try {
      // A redirect would send key and query to another host.
      const response = await fetch(address, {
        method: 'POST',
        headers,
        redirect: 'error',
        body: JSON.stringify(body),
        signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
      });
      status = response.status;
      if (response.ok) answer = await response.json();
      else await response.body?.cancel();
    } catch (cause) {
      signal?.throwIfAborted();
      throw new EmbeddingFailed(model.name, timeout.aborted ? `no answer within ${timeoutSeconds} s` : 'no readable answer', status, {
        cause,
      });
    }
    if (answer === undefined) throw new EmbeddingFailed(model.name, `status ${status}`, status);
    const vector = (answer as { data?: { embedding?: unknown }[] } | null)?.data?.[0]?.embedding;
    if (!isVector(vector)) throw new EmbeddingFailed(model.name, 'the answer has no vector', status);
    return vector;
  };
}

function isVector(value: unknown): value is number[] {
  return Array.isArray(value) && value.every(Number.isFinite);
}
