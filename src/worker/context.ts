import type { Config } from '../config.ts';
import type { Database, Queryable } from '../database/connection.ts';
import { type EmbedOutcome, embedTexts } from '../embedding/embed-texts.ts';
import { loadModel } from '../embedding/models.ts';
import { createProvider, type Provider } from '../embedding/provider.ts';
import type { SourceRow } from './reader.ts';
import type { VectorColumn, WorkTarget } from './target.ts';

/** What every job of a worker needs. */
export interface WorkContext {
  database: Database;
  config: Config;
  /** provider of a column's model, made once */
  providerOf(vector: VectorColumn): Promise<Provider>;
  notice(line: string): void;
}

/** Makes the context of a worker process. */
export function createWorkContext(database: Database, config: Config, notice: (line: string) => void): WorkContext {
  const providers = new Map<string, Promise<Provider>>();
  return {
    database,
    config,
    notice,
    providerOf(vector) {
      const known = providers.get(vector.model);
      if (known) return known;
      const made = openProvider(database.pool, config, vector);
      providers.set(vector.model, made);
      // A missing key may be there at the next try; only a working provider is kept.
      made.catch(() => providers.delete(vector.model));
      return made;
    },
  };
}

/** The provider of a model in the role it has in its campaign. */
export async function openProvider(db: Queryable, config: Config, vector: Pick<VectorColumn, 'role' | 'model'>): Promise<Provider> {
  const model = await loadModel(db, vector.model);
  return createProvider(model, vector.role === 'old' ? config.oldProvider : config.newProvider, {
    timeoutSeconds: config.requestTimeoutSeconds,
    keyVariable: vector.role === 'old' ? 'OPENAI_OLD_API_KEY' : 'OPENAI_API_KEY',
  });
}

/** Embeds rows with the model of one column. */
export async function embedRows(
  context: WorkContext,
  target: WorkTarget,
  vector: VectorColumn,
  rows: SourceRow[],
  signal?: AbortSignal,
): Promise<EmbedOutcome<SourceRow>> {
  if (rows.length === 0) return { embedded: [], refused: [], tokens: 0, requests: 0 };
  const { config, database } = context;
  return embedTexts(database.pool, await context.providerOf(vector), rows, {
    limits: { inputs: config.requestInputs, tokens: config.requestTokens },
    tokensPerCharacter: target.tokensPerCharacter,
    patienceSeconds: config.patienceSeconds,
    signal,
  });
}
