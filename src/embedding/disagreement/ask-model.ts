import type { Config } from '../../config.ts';
import type { AnsweredVector } from '../check-vectors.ts';
import type { ModelRow } from '../models.ts';
import { providerAccess } from '../open-provider.ts';
import { createClient, type Embedded, embeddingRequest, readAnswer } from '../provider.ts';
import { classifyProviderError } from '../provider-error.ts';

/** Embeds texts as they are, without the prefix of the model, in one request; the vectors may have any number of dimensions. */
export type AskModel = (model: ModelRow, texts: string[]) => Promise<Embedded>;

// A check beside something else must not wait for a server that does not answer.
const MOST_SECONDS = 20;

/**
 * Returns a function that sends one request to the provider of a model, without retries.
 *
 * @returns a function that throws ProviderUnavailable, ProviderRefused, InputRefused, BadAnswer
 */
export function askModel(role: 'old' | 'new', config: Config): AskModel {
  return async (model, texts) => {
    const access = providerAccess(model, role, config);
    const bare = { ...model, document_prefix: '' };
    const { api, secrets } = createClient(access, model.name, { timeoutSeconds: Math.min(MOST_SECONDS, config.requestTimeoutSeconds) });
    try {
      const body = embeddingRequest(bare, texts, 'document', 'float', access.parameters.document);
      const answer = await api.embeddings.create(body);
      const { embedding } = ((answer?.data as unknown as AnsweredVector[] | undefined)?.[0] ?? {}) as AnsweredVector;
      const dimensions = Array.isArray(embedding) ? embedding.length : model.dimensions;
      return readAnswer(answer, { ...bare, dimensions }, texts.length, 'float');
    } catch (error) {
      throw classifyProviderError(error, { model: model.name, access }, secrets, texts);
    }
  };
}

/** Whether a request can be sent at all: the provider of the model is configured, with a key. */
export function isConfigured(model: Pick<ModelRow, 'name' | 'provider'>, role: 'old' | 'new', config: Config): boolean {
  return providerAccess(model, role, config).apiKey !== undefined;
}
