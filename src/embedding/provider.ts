import OpenAI from 'openai';
import type { ProviderAccess } from '../config.ts';
import { learnPassword, learnSecrets } from '../secrets.ts';
import { carefulFetch, mostAnswerBytes } from './careful-fetch.ts';
import { type AnsweredVector, checkVectors } from './check-vectors.ts';
import { type Encoding, provenEncoding } from './encoding.ts';
import { type Findings, findingsOf } from './findings.ts';
import type { ModelRow } from './models.ts';
import { classifyProviderError, MissingApiKey } from './provider-error.ts';
import { SHORT_TEXT } from './short-text.ts';

/** Vectors of one request and what the provider counted for it. */
export interface Embedded {
  /** one per text, in the order of the texts */
  vectors: Float32Array[];
  tokens: number;
}

/** Embeds texts with one model. */
export interface Provider {
  readonly model: ModelRow;
  /** shared with every other provider object of the model in this process */
  readonly findings: Findings;
  /**
   * Embeds texts in one request; nothing is retried here.
   *
   * @param role document for what is stored, query for what is searched for; decides the prefix
   * @throws ProviderUnavailable, ProviderRefused, InputRefused, BadAnswer
   */
  embed(texts: string[], role: 'document' | 'query', signal?: AbortSignal): Promise<Embedded>;
  /**
   * Finds out, once in a process, whether the provider may be asked for base64. Never fails: what could not be found out is
   * tried again by the next call, a few times, and until then numbers are asked for.
   */
  settleEncoding(signal?: AbortSignal): Promise<void>;
}

const MOST_FAILED_TRIALS = 3;

/** The client of an address, and what must never be shown of it. */
export interface Client {
  api: OpenAI;
  secrets: string[];
}

/**
 * @param model for the message alone
 * @param options.timeoutSeconds longest wait for one answer
 * @param options.keyVariable name of the environment variable that a missing key belongs in
 * @throws MissingApiKey
 */
export function createClient(access: ProviderAccess, model: string, options: { timeoutSeconds: number; keyVariable: string }): Client {
  if (!access.apiKey) throw new MissingApiKey(model, options.keyVariable);
  learnSecrets(access.apiKey);
  learnPassword(access.baseUrl);
  const api = new OpenAI({
    apiKey: access.apiKey,
    ...(access.baseUrl ? { baseURL: access.baseUrl } : {}),
    timeout: options.timeoutSeconds * 1000,
    // Retries are ours: every worker has to hear of a 429, and waits are longer than the client allows.
    maxRetries: 0,
    fetch: carefulFetch(model),
  });
  return { api, secrets: [access.apiKey, ...passwordOf(access.baseUrl)] };
}

/** The body of a request for vectors, however it is sent. */
export function embeddingRequest(
  model: ModelRow,
  texts: string[],
  role: 'document' | 'query',
  encoding: Encoding,
): OpenAI.EmbeddingCreateParams {
  const prefix = role === 'query' ? model.query_prefix : model.document_prefix;
  return {
    model: model.provider_model,
    input: prefix ? texts.map((text) => prefix + text) : texts,
    // Always said, and then the client hands the answer on as it is; by default it asks for base64 and decodes it unchecked.
    encoding_format: encoding,
    ...(model.send_dimensions ? { dimensions: model.dimensions } : {}),
  };
}

/** The vectors of an answer, checked, and what the provider counted for them. @throws BadAnswer */
export function readAnswer(
  answer: OpenAI.CreateEmbeddingResponse,
  model: ModelRow,
  count: number,
  encoding: Encoding,
): Embedded & { isText: boolean } {
  const data = answer?.data as unknown as AnsweredVector[];
  return {
    vectors: checkVectors(data, count, model.dimensions, model.name, encoding),
    tokens: [answer.usage?.total_tokens, answer.usage?.prompt_tokens].find(isCount) ?? 0,
    isText: data.every(({ embedding }) => typeof embedding === 'string'),
  };
}

/**
 * A provider behind any OpenAI-compatible address.
 *
 * @param options.timeoutSeconds longest wait for one answer
 * @param options.mostInFlight most requests under way at the same time, over the whole process
 * @param options.keyVariable name of the environment variable that a missing key belongs in
 * @throws MissingApiKey
 */
export function createProvider(
  model: ModelRow,
  access: ProviderAccess,
  options: { timeoutSeconds: number; mostInFlight: number; keyVariable: string },
): Provider {
  const { api, secrets } = createClient(access, model.name, options);
  const findings = findingsOf(model, access.baseUrl, options.mostInFlight);

  return {
    model,
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
      const careful = api.withOptions({ fetch: carefulFetch(model.name, mostAnswerBytes(texts.length, model.dimensions)) });
      const answer = await careful.embeddings.create(embeddingRequest(model, texts, role, encoding), signal ? { signal } : {});
      return readAnswer(answer, model, texts.length, encoding);
    } catch (error) {
      throw classifyProviderError(error, model.name, secrets, texts);
    }
  }
}

/** What cannot be a number of tokens would spoil sums, and the quota that they are taken from. */
function isCount(figure: unknown): figure is number {
  return Number.isSafeInteger(figure) && (figure as number) >= 0;
}

/** The password that someone put into the address. */
function passwordOf(baseUrl: string | undefined): string[] {
  const password = baseUrl === undefined ? '' : (URL.parse(baseUrl)?.password ?? '');
  return password === '' ? [] : [decodeURIComponent(password)];
}
