import { toSql } from 'pgvector';
import { type Config, readConfig } from '../config.ts';
import type { Queryable } from '../database/connection.ts';
import type { ModelRow } from '../embedding/models.ts';
import { openProvider } from '../embedding/open-provider.ts';
import type { Provider } from '../embedding/provider.ts';
import { ReembedError } from '../errors.ts';

/** The model that the live view reads at a moment, as reembed.served_model() gives it. */
export interface ServedModel extends ModelRow {
  target: string;
  role: 'old' | 'new';
}

/** A query embedded with the model being read: both belong into the search, as arguments of reembed.query_vector(). */
export interface EmbeddedQuery {
  model: string;
  /** vector as pgvector reads it, such as [1,2,3] */
  vector: string;
}

/** Embeds the text of a query with a model; prefixes are up to it. */
export type EmbedQuery = (text: string, model: ServedModel) => Promise<ArrayLike<number>>;

/** Searches that a switch of the model does not disturb. */
export interface SearchClient {
  /**
   * Embeds a text with the model being read and runs a search with it; does both again when the model was switched in between.
   *
   * @param text what is searched for
   * @param run the search: any SQL on the live view with `ORDER BY embedding <=> reembed.query_vector(embedding_model, $1, $2::vector)`
   * @returns what `run` returned
   * @throws ModelKeepsChanging, and whatever `run` or the provider throws
   */
  search<T>(text: string, run: (query: EmbeddedQuery) => Promise<T>): Promise<T>;
}

/** The model was switched again and again while one search was under way. */
export class ModelKeepsChanging extends ReembedError {
  constructor(target: string, tries: number) {
    super('model_keeps_changing', `the model of ${target} was switched ${tries} times during one search`, 'search again');
  }
}

const WRONG_MODEL = 'RE002';
// The type of the view's column, or the view itself, was replaced between two statements; the next one sees the new one.
const VIEW_REPLACED = new Set(['0A000', '42P01', 'XX000']);
const TRIES = 5;

/**
 * A client for the application's searches.
 *
 * @param db pool or client of the application; its role needs no more than the right to read the live view
 * @param options.target table or table.column, where the toolkit looks after several
 * @param options.embed embeds queries; by default the provider that the environment names (OPENAI_API_KEY, OPENAI_BASE_URL, ...)
 * @param options.config the environment, already read
 */
export function createSearchClient(db: Queryable, options: { target?: string; embed?: EmbedQuery; config?: Config } = {}): SearchClient {
  const embed = options.embed ?? embedWithEnvironment(options.config);
  return {
    async search(text, run) {
      for (let attempt = 1; ; attempt++) {
        const model = await servedModel(db, options.target);
        const vector = await embed(text, model);
        try {
          return await run({ model: model.name, vector: toSql(Array.from(vector)) as string });
        } catch (error) {
          if (!isSwitched(error) && !isViewReplaced(error)) throw error;
          if (attempt >= TRIES) throw isSwitched(error) ? new ModelKeepsChanging(model.target, TRIES) : error;
        }
      }
    },
  };
}

async function servedModel(db: Queryable, target: string | undefined): Promise<ServedModel> {
  const { rows } = await db.query<ServedModel>('SELECT * FROM reembed.served_model($1)', [target ?? null]);
  if (!rows[0]) throw new Error(`${target ?? 'the target'} has no vectors`);
  return rows[0];
}

function isSwitched(error: unknown): boolean {
  return (error as { code?: string }).code === WRONG_MODEL;
}

function isViewReplaced(error: unknown): boolean {
  const { code = '', message = '' } = error as { code?: string; message?: string };
  return VIEW_REPLACED.has(code) && /cached plan must not change result type|could not open relation|does not exist/.test(message);
}

function embedWithEnvironment(config: Config = readConfig()): EmbedQuery {
  const providers = new Map<string, Provider>();
  return async (text, { target: _, role, ...model }) => {
    const definition = `${role} ${JSON.stringify(model)}`;
    const provider = providers.get(definition) ?? openProvider(model, role, config);
    providers.set(definition, provider);
    const { vectors } = await provider.embed([text], 'query');
    return vectors[0] as Float32Array;
  };
}
