import type { Queryable } from '../database/connection.ts';

/**
 * Gives partitions that were created or attached in mid-campaign their triggers and indexes. See reembed.adopt_leaves(). A transaction of its own
 * for each of them, because writes to the partition wait for its end.
 *
 * @param signal stops it; the next call continues
 */
export async function adoptLeaves(db: Queryable, target: string, signal?: AbortSignal): Promise<void> {
  for (let hasMore = true; hasMore && !signal?.aborted; ) {
    const { rows } = await db.query<{ more: boolean }>('SELECT reembed.adopt_leaves($1) AS more', [target]);
    hasMore = rows[0]?.more ?? false;
  }
}
