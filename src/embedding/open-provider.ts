import type { Config } from '../config.ts';
import { UsageError } from '../errors.ts';
import type { ProviderAccess } from '../provider-access.ts';
import { type BatchApi, createBatchApi } from './batch-api.ts';
import type { ModelRow } from './models.ts';
import { createProvider, type Provider } from './provider.ts';
import { UnknownProvider } from './provider-error.ts';

/**
 * Finds the provider of a model: the one that the model names, or else that of the environment, where old and new model of a campaign may
 * have different ones.
 *
 * @throws UnknownProvider when the configuration file has no provider of that name; UsageError when its address has no scheme
 */
export function providerAccess(model: Pick<ModelRow, 'name' | 'provider'>, role: 'old' | 'new', config: Config): ProviderAccess {
  const named = role === 'old' ? config.oldProvider : config.newProvider;
  const access = model.provider === null ? named : config.providers.get(model.provider);
  if (!access) throw new UnknownProvider(model.name, model.provider ?? '');
  refuseAddress(access);
  return access;
}

/** An address such as localhost:8080/v1 has the scheme localhost. It may contain a secret, so the error does not repeat it. */
function refuseAddress({ baseUrl, addressSetting }: ProviderAccess): void {
  if (baseUrl === undefined || /^https?:$/.test(URL.parse(baseUrl)?.protocol ?? '')) return;
  throw new UsageError(`${addressSetting} is not an http or https address`, 'begin it with http:// or https://, or leave it out');
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
