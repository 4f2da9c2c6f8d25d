import type { Queryable } from '../../database/connection.ts';
import { textDigest } from '../../text-digest.ts';
import { hasCacheTable, readCachedVectors } from './cached-vectors.ts';
import { appendVectors, CacheUnusable, readVectorFile } from './vector-file.ts';

/** Vectors that were paid for before. New ones are appended to files, so that a crash loses none. */
export interface VectorCache {
  /** Reads what is known of these texts. */
  load(space: string, texts: readonly string[]): Promise<void>;
  /** Dimensions of the loaded vectors of a space; undefined when there are none. */
  dimensionsOf(space: string): number | undefined;
  get(space: string, text: string): Float32Array | undefined;
  add(space: string, vectors: readonly { text: string; vector: Float32Array }[]): void;
}

/**
 * Opens the cache of the database, if there is one, and of a directory.
 *
 * @param directory where new vectors are kept
 */
export async function openVectorCache(db: Queryable, directory: string): Promise<VectorCache> {
  const hasTable = await hasCacheTable(db);
  const spaces = new Map<string, Map<string, Float32Array>>();
  const dimensionsOf = (space: string) => spaces.get(space)?.values().next().value?.length;
  return {
    async load(space, texts) {
      const digests = [...new Set(texts.map(textDigest))];
      const known = spaces.get(space) ?? readVectorFile(directory, space).vectors;
      spaces.set(space, known);
      if (!hasTable) return;
      const missing = digests.filter((digest) => !known.has(digest));
      for (const [digest, vector] of await readCachedVectors(db, space, missing)) known.set(digest, vector);
    },
    dimensionsOf,
    get: (space, text) => spaces.get(space)?.get(textDigest(text)),
    add(space, vectors) {
      const [cached, given] = [dimensionsOf(space), vectors[0]?.vector.length];
      if (cached !== undefined && given !== undefined && cached !== given)
        throw new CacheUnusable(directory, `it holds vectors of ${cached} dimensions where the provider gives ${given}`);
      const entries = vectors.map(({ text, vector }) => ({ digest: textDigest(text), vector }));
      appendVectors(directory, space, entries);
      const known = spaces.get(space) ?? new Map<string, Float32Array>();
      spaces.set(space, known);
      for (const { digest, vector } of entries) known.set(digest, vector);
    },
  };
}
