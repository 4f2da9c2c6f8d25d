import pRetry from 'p-retry';
import type { Config } from '../config.ts';
import type { VectorCache } from '../embedding/cache/vector-cache.ts';
import type { ModelRow } from '../embedding/models.ts';
import { sendProbe } from '../embedding/probe.ts';
import { createClient, createProvider, embeddingRequest } from '../embedding/provider.ts';
import { classifyProviderError, ProviderUnavailable } from '../embedding/provider-error.ts';
import { SHORT_TEXT } from '../embedding/short-text.ts';
import type { ProviderAccess } from '../provider-access.ts';
import { OtherDimensions } from './compare-error.ts';

/**
 * Finds out how many dimensions a model's vectors have: from cached vectors, or by embedding one short text, so that a wrong name or key is
 * found before anything is paid.
 *
 * @param isComplete every vector is cached, so that the provider need not be asked
 * @throws OtherDimensions, ProviderUnavailable, ProviderRefused
 */
export async function settleDimensions(
  {
    model,
    side,
    access,
    spaces,
  }: { model: ModelRow; side: 'old' | 'new'; access: ProviderAccess; spaces: { document: string; query: string } },
  cache: VectorCache,
  isComplete: boolean,
  config: Config,
): Promise<number> {
  const cached = cache.dimensionsOf(spaces.document) ?? cache.dimensionsOf(spaces.query);
  const given = isComplete && cached !== undefined ? cached : await askDimensions(model, access, config);
  if (model.dimensions !== 0 && model.dimensions !== given) throw new OtherDimensions(model.name, model.dimensions, given, side === 'old');
  return given;
}

async function askDimensions(model: ModelRow, access: ProviderAccess, config: Config): Promise<number> {
  const options = { timeoutSeconds: config.requestTimeoutSeconds, mostInFlight: config.mostInFlight };
  const { api, secrets } = createClient(access, model.name, options);
  const body = embeddingRequest(model, [SHORT_TEXT], 'document', 'float', access.parameters.document);
  const ask = async () => {
    try {
      return await api.embeddings.create(body);
    } catch (error) {
      throw classifyProviderError(error, { model: model.name, access }, secrets, [SHORT_TEXT]);
    }
  };
  const answer = await pRetry(ask, { retries: 3, minTimeout: 500, shouldRetry: ({ error }) => error instanceof ProviderUnavailable });
  const given = lengthOf(answer?.data?.[0]?.embedding);
  // What is wrong with an answer without a vector, the checks of the usual path say.
  if (given === 0) await sendProbe(createProvider({ ...model, dimensions: Math.max(1, model.dimensions) }, access, options));
  return given;
}

function lengthOf(embedding: unknown): number {
  if (typeof embedding === 'string') return Math.floor(Buffer.from(embedding, 'base64').length / 4);
  return Array.isArray(embedding) ? embedding.length : 0;
}
