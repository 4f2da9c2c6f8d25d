import type { Config } from '../config.ts';
import type { Database } from '../database/connection.ts';
import { embedTexts } from '../embedding/embed-texts.ts';
import { loadModel } from '../embedding/models.ts';
import { openProvider } from '../embedding/open-provider.ts';
import { ProviderRefused } from '../embedding/provider-error.ts';
import type { Embedder } from '../validation/queries/read-queries.ts';
import { OldModelUnavailable, QueryRefused, RowRefused } from '../validation/validation-error.ts';

// For mostly plain words. A wrong estimate only makes a request slightly larger or smaller than its limit.
const TOKENS_PER_CHARACTER = 0.3;

// Auditing rows is secondary to the comparison, so it must not wait long for a provider that is down.
const AUDIT_PATIENCE_SECONDS = 10;

/** Returns an embedder that works as the workers do: packed requests, the shared quota, and the same patience. */
export function createEmbedder(database: Database, config: Config): Embedder {
  return async (model, texts, role, side) => {
    try {
      const provider = openProvider(await loadModel(database.pool, model.name), side, config);
      const items = texts.map((text, position) => ({ text, position }));
      const { embedded, refused, failure } = await embedTexts(database.pool, provider, items, {
        role,
        limits: provider.limits,
        tokensPerCharacter: TOKENS_PER_CHARACTER,
        patienceSeconds: role === 'query' ? config.patienceSeconds : Math.min(AUDIT_PATIENCE_SECONDS, config.patienceSeconds),
      });
      if (failure) throw failure;
      const [first] = refused;
      // No message may hold the text of a row: the reason an audit stopped is stored and shown in reports.
      if (first && role === 'document') throw new RowRefused(first.message);
      if (first) throw new QueryRefused(first.item.text, first.words ?? first.message);
      return embedded.sort((a, b) => a.item.position - b.item.position).map(({ vector }) => vector);
    } catch (error) {
      throw side === 'old' && error instanceof ProviderRefused ? new OldModelUnavailable(error) : error;
    }
  };
}
