import type { Queryable } from '../../database/connection.ts';
import { cachedSpaces, readVectorFile, removeVectorFile } from './vector-file.ts';

// A portion of vectors with 3,072 dimensions has about 6 MB as text.
const PORTION = 200;

/** Whether vectors can be cached in the database: the schema is installed, and this role may write to the cache. */
export async function hasCacheTable(db: Queryable): Promise<boolean> {
  const { rows } = await db.query<{ yes: boolean }>(
    `SELECT coalesce(has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT'), false) AS yes
       FROM (SELECT to_regclass('reembed.cached_vector') AS oid WHERE to_regproc('reembed.cache_vectors') IS NOT NULL) AS c`,
  );
  return rows[0]?.yes ?? false;
}

/** Reads vectors of texts from the cache in the database, by digest. */
export async function readCachedVectors(db: Queryable, space: string, digests: readonly string[]): Promise<Map<string, Float32Array>> {
  const found = new Map<string, Float32Array>();
  for (let at = 0; at < digests.length; at += PORTION) {
    const { rows } = await db.query<{ digest: string; vector: string }>(
      'SELECT c.text_digest::text AS digest, c.vector::text AS vector FROM reembed.cached_vector AS c WHERE c.space = $1 AND c.text_digest = ANY ($2::uuid[])',
      [space, digests.slice(at, at + PORTION)],
    );
    for (const { digest, vector } of rows) found.set(digest, Float32Array.from(JSON.parse(vector) as number[]));
  }
  return found;
}

/**
 * Moves the cached vectors of the working directory to the database. Does nothing where the schema is not installed, or the role may not
 * write to the cache: the files are then kept.
 *
 * @param directory directory of the files
 * @returns number of vectors
 */
export async function adoptCacheFiles(db: Queryable, directory: string): Promise<number> {
  const spaces = cachedSpaces(directory);
  if (spaces.length === 0 || !(await hasCacheTable(db))) return 0;
  let moved = 0;
  for (const space of spaces) {
    const entries = [...readVectorFile(directory, space).vectors];
    for (let at = 0; at < entries.length; at += PORTION) {
      const portion = entries.slice(at, at + PORTION);
      await db.query('SELECT reembed.cache_vectors($1, $2::uuid[], $3::text[])', [
        space,
        portion.map(([digest]) => digest),
        portion.map(([, vector]) => `[${vector.join(',')}]`),
      ]);
      moved += portion.length;
    }
    removeVectorFile(directory, space);
  }
  return moved;
}
