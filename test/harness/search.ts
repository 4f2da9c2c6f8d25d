import type pg from 'pg';
import { createSearchClient, type EmbeddedQuery, type EmbedQuery, type SearchClientOptions } from '../../src/index.ts';
import { createDocuments, NEW_MODEL, textOf } from './documents.ts';
import { vectorOf } from './provider.ts';
import { createStage, type Stage } from './stage.ts';

/** A stage with 300 documents whose searches may go to either model: the index is built, and a validation passed. */
export async function createSearchStage(): Promise<Stage> {
  const stage = await createStage();
  await createDocuments(stage.db.pool, 300);
  const campaign = await stage.createUsual();
  await stage.bring(campaign, 'index');
  await stage.pass(campaign);
  return stage;
}

/** Embeds the queries of a search client with the vectors of the test provider. */
export const embedQuery: EmbedQuery = async (text, model) => vectorOf(model.name, text, model.dimensions);

/** The same, but it fails for the new model. */
export function failForNewModel(errorOf: (text: string) => Error = () => new Error('away')): EmbedQuery {
  return async (text, model) => {
    if (model.name === NEW_MODEL) throw errorOf(text);
    return embedQuery(text, model);
  };
}

/** A search for the ids of the ten nearest rows in the view that the client names. */
export function nearestIds(pool: pg.Pool) {
  return async ({ model, vector, view }: EmbeddedQuery): Promise<number[]> => {
    const { rows } = await pool.query<{ id: number }>(
      `SELECT id::int FROM ${view} WHERE embedding IS NOT NULL ORDER BY embedding <=> reembed.query_vector(embedding_model, $1, $2::vector) LIMIT 10`,
      [model, vector],
    );
    return rows.map(({ id }) => id);
  };
}

/** The nearest row, and the model that found it. */
export interface Nearest {
  id: string;
  model: string;
}

/** A search for the nearest row in the view that the client names. */
export function nearest(db: pg.Pool | pg.Client) {
  return async ({ model, vector, view }: EmbeddedQuery): Promise<Nearest | undefined> => {
    const { rows } = await db.query<Nearest>(
      `SELECT id::text, embedding_model AS model FROM ${view} ORDER BY embedding <=> reembed.query_vector(embedding_model, $1, $2::vector) LIMIT 1`,
      [model, vector],
    );
    return rows[0];
  };
}

/** A search client that reads the settings once in an hour, with a function that searches for row i. */
export function createTestClient(db: pg.Pool | pg.Client, options: SearchClientOptions = {}) {
  const client = createSearchClient(db, { target: 'documents', embed: embedQuery, refreshSeconds: 3600, ...options });
  return { ...client, find: (i: number, key?: string) => client.search(textOf(i), nearest(db), key === undefined ? {} : { key }) };
}
