import type { Config } from '../config.ts';
import type { ProviderAccess } from '../provider-access.ts';
import { type BatchApi, createBatchApi } from './batch-api.ts';
import type { ModelRow } from './models.ts';
import { createProvider, type Provider } from './provider.ts';
import { UnknownProvider } from './provider-error.ts';

/**
 * Finds the provider of a model: the one that the model names, or else that of the environment, where old and new model of a campaign may
 * have different ones.
 *
 * @throws UnknownProvider when the configuration file has no provider of that name
 */
export function providerAccess(model: Pick<ModelRow, 'name' | 'provider'>, role: 'old' | 'new', config: Config): ProviderAccess {
  if (model.provider === null) return role === 'old' ? config.oldProvider : config.newProvider;
  const access = config.providers.get(model.provider);
  if (!access) throw new UnknownProvider(model.name, model.provider);
  return access;
}

/**
 * Opens the provider of a model.
 *
 * @throws MissingApiKey, UnknownProvider
 */
export function openProvider(model: ModelRow, role: 'old' | 'new', config: Config): Provider {
  return createProvider(model, providerAccess(model, role, config), {
    timeoutSeconds: config.requestTimeoutSeconds,
    mostInFlight: config.mostInFlight,
  });
}

/**
 * Opens the batch API of the provider of a new model; only the backfill uses it.
 *
 * @throws MissingApiKey, UnknownProvider
 */
export function openBatchApi(model: Pick<ModelRow, 'name' | 'provider'>, config: Config): BatchApi {
  return createBatchApi(providerAccess(model, 'new', config), { timeoutSeconds: config.requestTimeoutSeconds });
}
