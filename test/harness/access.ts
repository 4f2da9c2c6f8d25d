import type { ProviderAccess } from '../../src/provider-access.ts';

/** Access to a provider, as the configuration gives it. */
export function accessTo(baseUrl: string, apiKey = 'test'): ProviderAccess {
  return {
    apiKey,
    baseUrl,
    keyVariable: 'OPENAI_API_KEY',
    addressSetting: 'OPENAI_BASE_URL',
    limits: { inputs: 128, tokens: 100_000 },
    parameters: { document: {}, query: {} },
  };
}
