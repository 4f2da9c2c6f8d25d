import type { Config } from '../config.ts';
import type { ModelDefinition } from '../phases/plan.ts';
import { createProvider } from './provider.ts';
import { MissingApiKey } from './provider-error.ts';

/**
 * Sends one short text, so that a wrong key, name or dimension is found before anything is written.
 *
 * @returns a sentence for the plan
 * @throws ProviderUnavailable, ProviderRefused, BadAnswer
 */
export async function probeProvider(definition: ModelDefinition, config: Config): Promise<string> {
  const model = {
    name: definition.name,
    provider_model: definition.providerModel,
    dimensions: definition.dimensions,
    element_type: definition.elementType,
    distance: definition.distance,
    document_prefix: definition.documentPrefix,
    query_prefix: definition.queryPrefix,
    send_dimensions: definition.sendDimensions,
    token_limit: definition.tokenLimit,
    usd_per_million_tokens: definition.usdPerMillionTokens,
  };
  try {
    const provider = createProvider(model, config.newProvider, { timeoutSeconds: config.requestTimeoutSeconds, keyVariable: 'OPENAI_API_KEY' });
    await provider.embed(['a short text'], 'document');
    return 'the provider answered with vectors of the right size';
  } catch (error) {
    // Planning must be possible before there is a key; anything else is better known now than in the middle.
    if (error instanceof MissingApiKey) return `not probed: ${error.message}`;
    throw error;
  }
}
