import OpenAI from 'openai';
import { outOfRange } from '../database/element-types.ts';
import type { ProviderAccess } from '../provider-access.ts';
import { learnPassword, learnSecrets } from '../secrets.ts';
import { carefulFetch, mostAnswerBytes } from './careful-fetch.ts';
import { type AnsweredVector, checkVectors } from './check-vectors.ts';
import { type Encoding, provenEncoding } from './encoding.ts';
import { errorInAnswer } from './error-answer.ts';
import { type Findings, findingsOf } from './findings.ts';
import type { ModelRow } from './models.ts';
import type { RequestLimits } from './pack.ts';
import { classifyProviderError, MissingApiKey } from './provider-error.ts';
import { SHORT_TEXT } from './short-text.ts';

/** Vectors of one request and the provider's token count for it. */
export interface Embedded {
  /** one per text, in the order of the texts */
  vectors: Float32Array[];
  tokens: number;
}

/** Embeds texts with one model. */
export interface Provider {
  readonly model: ModelRow;
  /** maximum size of a request, as configured */
  readonly limits: RequestLimits;
  /** The body of a request. */
  body(texts: string[], role: 'document' | 'query', encoding: Encoding): OpenAI.EmbeddingCreateParams;
  /** shared by all provider objects of the model in this process */
  readonly findings: Findings;
  /**
   * Embeds texts in one request, without retries.
   *
   * @param role document for stored texts, query for search texts; selects the prefix
   * @throws ProviderUnavailable, ProviderRefused, InputRefused, BadAnswer
   */
  embed(texts: string[], role: 'document' | 'query', signal?: AbortSignal): Promise<Embedded>;
  /**
   * Determines, once per process, whether base64 may be requested. Never rejects. A test without a result is repeated
   * by the next call, a few times; until then JSON numbers are requested.
   */
  settleEncoding(signal?: AbortSignal): Promise<void>;
}

const MOST_FAILED_TRIALS = 3;

/** The client of an address, and the secrets that must never be shown. */
export interface Client {
  api: OpenAI;
  secrets: string[];
}

/**
 * @param model only used in error messages
 * @param options.timeoutSeconds timeout in seconds for one answer
 * @throws MissingApiKey
 */
export function createClient(access: ProviderAccess, model: string, options: { timeoutSeconds: number }): Client {
  if (!access.apiKey) throw new MissingApiKey(model, access.keyVariable);
  learnSecrets(access.apiKey);
  learnPassword(access.baseUrl);
  const api = new OpenAI({
    apiKey: access.apiKey,
    ...(access.baseUrl ? { baseURL: access.baseUrl } : {}),
    timeout: options.timeoutSeconds * 1000,
    // We retry ourselves: every worker has to know of a 429, and our waits are longer than the client allows.
    maxRetries: 0,
    fetch: carefulFetch({ model, access }),
  });
  return { api, secrets: [access.apiKey, ...passwordOf(access.baseUrl)] };
}

/**
 * The body of an embedding request, for ordinary requests and for the batch API.
 *
 * @param parameters further parameters that the provider is configured to get; they may fix the encoding
 */
export function embeddingRequest(
  model: ModelRow,
  texts: string[],
  role: 'document' | 'query',
  encoding: Encoding,
  parameters: Record<string, unknown>,
): OpenAI.EmbeddingCreateParams {
  const prefix = role === 'query' ? model.query_prefix : model.document_prefix;
  return {
    model: model.provider_model,
    input: prefix ? texts.map((text) => prefix + text) : texts,
    // Always set explicitly, so that the client returns the answer unchanged; by default it requests base64 and decodes
    // it without checks.
    encoding_format: encoding,
    ...(model.send_dimensions ? { dimensions: model.dimensions } : {}),
    ...parameters,
  };
}

/** The checked vectors of an answer and the provider's token count. @throws BadAnswer */
export function readAnswer(
  answer: OpenAI.CreateEmbeddingResponse,
  model: ModelRow,
  count: number,
  encoding: Encoding,
): Embedded & { isText: boolean } {
  const data = answer?.data as unknown as AnsweredVector[];
  return {
    vectors: checkVectors(data, {
      model: model.name,
      count,
      dimensions: model.dimensions,
      encoding,
      limit: outOfRange(model.element_type),
    }),
    tokens: [answer.usage?.total_tokens, answer.usage?.prompt_tokens].find(isCount) ?? 0,
    isText: data.every(({ embedding }) => typeof embedding === 'string'),
  };
}

/**
 * A provider behind any OpenAI-compatible address.
 *
 * @param options.timeoutSeconds timeout in seconds for one answer
 * @param options.mostInFlight maximum number of concurrent requests in the whole process
 * @throws MissingApiKey
 */
export function createProvider(
  model: ModelRow,
  access: ProviderAccess,
  options: { timeoutSeconds: number; mostInFlight: number },
): Provider {
  const { api, secrets } = createClient(access, model.name, options);
  const findings = findingsOf(model, access, options.mostInFlight);
  const bodyOf: Provider['body'] = (texts, role, encoding) => embeddingRequest(model, texts, role, encoding, access.parameters[role]);

  return {
    model,
    limits: access.limits,
    body: bodyOf,
    findings,
    async embed(texts, role, signal) {
      const { vectors, tokens } = await ask(texts, role, findings.encoding ?? 'float', signal);
      return { vectors, tokens };
    },
    async settleEncoding(signal) {
      if (findings.encoding || findings.isOnTrial) return;
      findings.isOnTrial = true;
      try {
        findings.encoding = await provenEncoding(async (encoding) => {
          const leave = await findings.inFlight.enter(findings, signal);
          const { vectors, isText } = await ask([SHORT_TEXT], 'document', encoding, signal).finally(() => leave('otherwise'));
          return { vector: vectors[0] as Float32Array, isText };
        });
      } catch {
        if (signal?.aborted) return;
        findings.failedTrials += 1;
        if (findings.failedTrials >= MOST_FAILED_TRIALS) findings.encoding = 'float';
      } finally {
        findings.isOnTrial = false;
      }
    },
  };

  async function ask(
    texts: string[],
    role: 'document' | 'query',
    encoding: Encoding,
    signal?: AbortSignal,
  ): Promise<Embedded & { isText: boolean }> {
    try {
      const careful = api.withOptions({
        fetch: carefulFetch({ model: model.name, access }, mostAnswerBytes(texts.length, model.dimensions)),
      });
      const body = bodyOf(texts, role, encoding);
      const answer = await careful.embeddings.create(body, signal ? { signal } : {});
      const error = errorInAnswer(answer, model.name, secrets, texts);
      if (error) throw error;
      return readAnswer(answer, model, texts.length, body.encoding_format ?? encoding);
    } catch (error) {
      throw classifyProviderError(error, { model: model.name, access }, secrets, texts);
    }
  }
}

/** An invalid token count would corrupt the totals and the quota that is computed from them. */
function isCount(figure: unknown): figure is number {
  return Number.isSafeInteger(figure) && (figure as number) >= 0;
}

/** The password contained in the address, if any. */
function passwordOf(baseUrl: string | undefined): string[] {
  const password = baseUrl === undefined ? '' : (URL.parse(baseUrl)?.password ?? '');
  return password === '' ? [] : [decodeURIComponent(password)];
}
