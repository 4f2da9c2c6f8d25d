import type { Config } from '../config.ts';
import { type BatchApi, createBatchApi } from './batch-api.ts';
import type { ModelRow } from './models.ts';
import { createProvider, type Provider } from './provider.ts';

/**
 * Opens the provider of a model for its role in the campaign: old and new model may have different addresses.
 *
 * @throws MissingApiKey
 */
export function openProvider(model: ModelRow, role: 'old' | 'new', config: Config): Provider {
  return createProvider(model, role === 'old' ? config.oldProvider : config.newProvider, {
    timeoutSeconds: config.requestTimeoutSeconds,
    mostInFlight: config.mostInFlight,
    keyVariable: role === 'old' ? 'OPENAI_OLD_API_KEY' : 'OPENAI_API_KEY',
  });
}

/**
 * Opens the batch API of the new model's provider; only the backfill uses it.
 *
 * @throws MissingApiKey
 */
export function openBatchApi(config: Config): BatchApi {
  return createBatchApi(config.newProvider, { timeoutSeconds: config.requestTimeoutSeconds, keyVariable: 'OPENAI_API_KEY' });
}
