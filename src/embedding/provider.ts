import OpenAI from 'openai';
import type { ProviderAccess } from '../config.ts';
import { type AnsweredVector, checkVectors } from './check-vectors.ts';
import type { ModelRow } from './models.ts';
import { classifyProviderError, MissingApiKey } from './provider-error.ts';

/** Vectors of one request and what the provider counted for it. */
export interface Embedded {
  /** one per text, in the order of the texts */
  vectors: Float32Array[];
  tokens: number;
}

/** Embeds texts with one model. */
export interface Provider {
  readonly model: ModelRow;
  /**
   * Embeds texts in one request; nothing is retried here.
   *
   * @param role document for what is stored, query for what is searched for; decides the prefix
   * @throws ProviderUnavailable, ProviderRefused, InputRefused, BadAnswer
   */
  embed(texts: string[], role: 'document' | 'query', signal?: AbortSignal): Promise<Embedded>;
}

/**
 * A provider behind any OpenAI-compatible address.
 *
 * @param options.timeoutSeconds longest wait for one answer
 * @param options.keyVariable name of the environment variable that a missing key belongs in
 * @throws MissingApiKey
 */
export function createProvider(
  model: ModelRow,
  access: ProviderAccess,
  options: { timeoutSeconds: number; keyVariable: string },
): Provider {
  if (!access.apiKey) throw new MissingApiKey(model.name, options.keyVariable);
  const client = new OpenAI({
    apiKey: access.apiKey,
    ...(access.baseUrl ? { baseURL: access.baseUrl } : {}),
    timeout: options.timeoutSeconds * 1000,
    // Retries are ours: every worker has to hear of a 429, and waits are longer than the client would bear.
    maxRetries: 0,
  });
  const secrets = [access.apiKey, ...credentialsOf(access.baseUrl)];

  return {
    model,
    async embed(texts, role, signal) {
      const prefix = role === 'query' ? model.query_prefix : model.document_prefix;
      try {
        const answer = await client.embeddings.create(
          {
            model: model.provider_model,
            input: prefix ? texts.map((text) => prefix + text) : texts,
            // Some compatible servers answer a base64 request with plain numbers, which the client would decode to garbage.
            encoding_format: 'float',
            ...(model.send_dimensions ? { dimensions: model.dimensions } : {}),
          },
          signal ? { signal } : {},
        );
        const vectors = checkVectors(answer?.data as unknown as AnsweredVector[], texts.length, model.dimensions, model.name);
        return { vectors, tokens: answer.usage?.total_tokens ?? answer.usage?.prompt_tokens ?? 0 };
      } catch (error) {
        throw classifyProviderError(error, model.name, secrets, texts);
      }
    },
  };
}

/** User and password that someone put into the address, in the forms they may come back in. */
function credentialsOf(baseUrl: string | undefined): string[] {
  if (!baseUrl || !URL.canParse(baseUrl)) return [];
  const { username, password } = new URL(baseUrl);
  return [`${username}:${password}@`, password, decodeURIComponent(password)].filter((secret) => secret.length > 1);
}
