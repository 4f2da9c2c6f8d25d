import { type Config, readConfig } from '../config.ts';
import { openProvider } from '../embedding/open-provider.ts';
import type { Provider } from '../embedding/provider.ts';
import type { ServedModel } from './reading.ts';

/**
 * Embeds the text of a query with a model; also responsible for the model's prefix.
 *
 * @param signal aborted when the vector is no longer needed
 */
export type EmbedQuery = (text: string, model: ServedModel, signal?: AbortSignal) => Promise<ArrayLike<number>>;

/** Embeds queries with the provider that the environment defines for the model's role in its campaign. */
export function embedWithEnvironment(config: Config = readConfig()): EmbedQuery {
  const providers = new Map<string, Provider>();
  return async (text, { target: _, role, ...model }, signal) => {
    const definition = `${role} ${JSON.stringify(model)}`;
    const provider = providers.get(definition) ?? openProvider(model, role, config);
    providers.set(definition, provider);
    const { vectors } = await provider.embed([text], 'query', signal);
    return vectors[0] as Float32Array;
  };
}
