import type { Queryable } from '../database/connection.ts';
import { adoptCacheFiles } from '../embedding/cache/cached-vectors.ts';
import { CACHE_DIRECTORY } from '../embedding/cache/vector-file.ts';
import { messageOf } from '../errors.ts';
import { counted } from '../wording.ts';

/** Moves vectors that `compare` cached in the working directory to the database. A cache that cannot be used holds up no work. */
export async function adoptCache(db: Queryable, notice: (line: string) => void): Promise<void> {
  try {
    const moved = await adoptCacheFiles(db, CACHE_DIRECTORY);
    if (moved > 0) notice(`${CACHE_DIRECTORY}: ${counted(moved, 'vector')} moved to reembed.cached_vector`);
  } catch (error) {
    notice(`the cached vectors are not used: ${messageOf(error)}`);
  }
}
