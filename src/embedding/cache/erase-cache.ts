import type { Queryable } from '../../database/connection.ts';
import { cachedSpaces, readVectorFile, removeVectorFile } from './vector-file.ts';

/** Number of cached vectors, in the database and in the files of a directory. A file that cannot be read counts as one. */
export async function readCacheSize(db: Queryable, directory: string): Promise<number> {
  const inFiles = cachedSpaces(directory).map((space) => {
    try {
      return readVectorFile(directory, space).vectors.size;
    } catch {
      return 1;
    }
  });
  return inFiles.reduce((sum, size) => sum + size, await countRows(db));
}

/** Erases every cached vector. */
export async function eraseCache(db: Queryable, directory: string): Promise<void> {
  for (const space of cachedSpaces(directory)) removeVectorFile(directory, space);
  if (await hasTable(db)) await db.query('DELETE FROM reembed.cached_vector');
}

async function countRows(db: Queryable): Promise<number> {
  if (!(await hasTable(db))) return 0;
  const { rows } = await db.query<{ count: string }>('SELECT count(*) FROM reembed.cached_vector');
  return Number(rows[0]?.count ?? 0);
}

async function hasTable(db: Queryable): Promise<boolean> {
  const { rows } = await db.query<{ yes: boolean }>("SELECT to_regclass('reembed.cached_vector') IS NOT NULL AS yes");
  return rows[0]?.yes ?? false;
}
