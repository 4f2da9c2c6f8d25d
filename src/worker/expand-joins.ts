import type { Queryable } from '../database/connection.ts';
import type { WorkTarget } from './target.ts';

// Then the rows that were found are embedded; the rest follows in the next turn.
const TURN_MS = 2000;

/**
 * Logs the rows that depend on changes of the tables that a target's text is joined from, with a commit per portion.
 *
 * @param signal stops it; the next call continues
 * @returns whether there were such changes
 */
export async function expandJoins(db: Queryable, { name, isJoined }: WorkTarget, signal?: AbortSignal): Promise<boolean> {
  let isChanged = false;
  for (const endsAt = Date.now() + TURN_MS; isJoined && !signal?.aborted && Date.now() < endsAt; ) {
    const { rows } = await db.query<{ changes: string }>('SELECT reembed.expand_joins($1) AS changes', [name]);
    if (rows[0]?.changes === '0') break;
    isChanged = true;
  }
  return isChanged;
}
