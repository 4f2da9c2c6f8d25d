import { type Config, readConfig } from './config.ts';
import { openProvider } from './embedding/open-provider.ts';
import type { Provider } from './embedding/provider.ts';
import { createSearchClient as createClient, type EmbedQuery, type Queryable, type SearchClient } from './reading/index.ts';
import type { SearchClientOptions as ClientOptions } from './reading/search-client.ts';

/** Options of createSearchClient(). */
export interface SearchClientOptions extends Omit<ClientOptions, 'embed'> {
  /** embeds queries; by default with the provider that the environment defines (OPENAI_API_KEY, OPENAI_BASE_URL, ...) */
  embed?: EmbedQuery;
  /** configuration to use instead of reading the environment */
  config?: Config;
}

/**
 * Creates the client of package pg-reembed-client, which needs no `embed` here: it can embed queries as the toolkit does.
 *
 * @param db pool or client of the application; its role only needs the right to read the live view. Shadow reads need a pool
 */
export function createSearchClient(db: Queryable, { config, embed, ...options }: SearchClientOptions = {}): SearchClient {
  return createClient(db, { ...options, embed: embed ?? embedWithEnvironment(config) });
}

/** Embeds queries with the provider that the environment defines for the model's role in its campaign. */
function embedWithEnvironment(config: Config = readConfig()): EmbedQuery {
  const providers = new Map<string, Provider>();
  return async (text, { target: _, role, ...model }, signal) => {
    const definition = `${role} ${JSON.stringify(model)}`;
    const provider = providers.get(definition) ?? openProvider(model, role, config);
    providers.set(definition, provider);
    const { vectors } = await provider.embed([text], 'query', signal);
    return vectors[0] as Float32Array;
  };
}
