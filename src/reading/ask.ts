import type { EmbedQuery } from './embed-query.ts';
import type { ServedModel, Side } from './reading.ts';

/** A query embedded with a model, and the view to search. */
export interface EmbeddedQuery {
  /** first argument of reembed.query_vector(), with the vector */
  model: string;
  /** vector in pgvector's text format, such as [1,2,3] */
  vector: string;
  /** SQL name of the view to search: the live view, or the view of the model that a canary reader gets */
  view: string;
  /**
   * SQL name of the function that searches this view with the settings that its index needs: `SELECT … FROM ${nearest}($1, 10) AS n JOIN ${view} …`.
   * null if the new index is no HNSW index
   */
  nearest: string | null;
}

/** Runs a search: any SQL on the view with `ORDER BY embedding <=> reembed.query_vector(embedding_model, $1, $2::vector)`. */
export type RunSearch<T> = (query: EmbeddedQuery) => Promise<T>;

/** The vectors of one query text, each computed once. */
export interface QueryVectors {
  of(model: ServedModel, signal?: AbortSignal): Promise<QueryVector>;
}

interface QueryVector {
  components: number[];
  /** the same in pgvector's text format */
  vector: string;
  milliseconds: number;
}

/** A query was embedded with other dimensions than the model has. */
export class WrongDimensions extends Error {
  override readonly name = 'WrongDimensions';
  readonly code = 'wrong_dimensions';
  readonly remedy = 'embed with the provider_model that is passed to embed, and send its dimensions where send_dimensions is true';

  constructor(model: ServedModel, dimensions: number) {
    super(`a query for ${model.name} was embedded in ${dimensions} dimensions instead of ${model.dimensions}`);
  }
}

/** Result and duration of a search. */
export interface Answer<T> {
  result: T;
  embeddingMs: number;
  searchMs: number;
}

/** The result of `work`. If the signal is aborted first, throws its reason, even if `work` ignores the signal. */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = new Promise<never>((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  return Promise.race([work, aborted]);
}

/** Embeds one text, at most once per model. */
export function createQueryVectors(embed: EmbedQuery, text: string): QueryVectors {
  const made = new Map<string, QueryVector>();
  return {
    async of(model, signal) {
      const present = made.get(model.name);
      if (present) return present;
      const startedAt = performance.now();
      const embedding = embed(text, model, signal);
      const components = Array.from(await (signal ? unlessAborted(embedding, signal) : embedding));
      // Some searches would take it for a vector of another model, so that they are repeated in vain; others name no model.
      if (components.length !== model.dimensions) throw new WrongDimensions(model, components.length);
      const fresh = { components, vector: JSON.stringify(components), milliseconds: performance.now() - startedAt };
      made.set(model.name, fresh);
      return fresh;
    },
  };
}

/** Embeds the query for one side and searches its view. */
export async function ask<T>(side: Side, vectors: QueryVectors, run: RunSearch<T>, signal?: AbortSignal): Promise<Answer<T>> {
  const { vector, milliseconds: embeddingMs } = await vectors.of(side.model, signal);
  signal?.throwIfAborted();
  const startedAt = performance.now();
  const result = await run({ model: side.model.name, vector, view: side.view, nearest: side.nearest });
  return { result, embeddingMs, searchMs: performance.now() - startedAt };
}
