import type { RequestLimits } from './embedding/pack.ts';

/** How to reach a provider. Read from the environment and the configuration file, never stored in the database. */
export interface ProviderAccess {
  apiKey: string | undefined;
  baseUrl: string | undefined;
  /** the environment variable that holds the key, and where the address is set: for messages */
  keyVariable: string;
  addressSetting: string;
  /** maximum number of texts and tokens in a request */
  limits: RequestLimits;
  /** further parameters of a request for stored texts and for queries, such as input_type */
  parameters: Record<'document' | 'query', Record<string, unknown>>;
}
