import { toSql } from 'pgvector';
import type { EmbedQuery } from './embed-queries.ts';
import type { ServedModel, Side } from './reading.ts';

/** A query embedded with a model, and where to search for it. */
export interface EmbeddedQuery {
  /** goes with the vector into reembed.query_vector() */
  model: string;
  /** vector as pgvector reads it, such as [1,2,3] */
  vector: string;
  /** the view to search, as an SQL name: the live one, or that of the model a reader tries */
  view: string;
}

/** Runs a search; any SQL on the view with `ORDER BY embedding <=> reembed.query_vector(embedding_model, $1, $2::vector)`. */
export type RunSearch<T> = (query: EmbeddedQuery) => Promise<T>;

/** The vectors of one query text, each made once. */
export interface QueryVectors {
  of(model: ServedModel, signal?: AbortSignal): Promise<{ vector: string; milliseconds: number }>;
}

/** What a search gave and how long it took. */
export interface Answer<T> {
  result: T;
  embeddingMs: number;
  searchMs: number;
}

/** What `work` gives, unless the signal is aborted first: then its reason is thrown, even where `work` does not mind the signal. */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = new Promise<never>((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  return Promise.race([work, aborted]);
}

/** Embeds one text, with each model at most once. */
export function createQueryVectors(embed: EmbedQuery, text: string): QueryVectors {
  const made = new Map<string, { vector: string; milliseconds: number }>();
  return {
    async of(model, signal) {
      const present = made.get(model.name);
      if (present) return present;
      const startedAt = performance.now();
      const embedding = embed(text, model, signal);
      const vector = toSql(Array.from(await (signal ? unlessAborted(embedding, signal) : embedding))) as string;
      const fresh = { vector, milliseconds: performance.now() - startedAt };
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
  const result = await run({ model: side.model.name, vector, view: side.view });
  return { result, embeddingMs, searchMs: performance.now() - startedAt };
}
