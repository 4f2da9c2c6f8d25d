import type { Queryable } from '../database/connection.ts';
import type { VectorColumn } from './target.ts';

/**
 * Scans the table of a campaign and logs every row that lacks a vector of one role, with a commit per portion.
 *
 * @param signal stops the scan; the next call continues it
 */
export async function sweepTable(db: Queryable, campaign: string, role: VectorColumn['role'], signal?: AbortSignal): Promise<void> {
  for (let block: string | null = '0'; block !== null && !signal?.aborted; ) {
    const { rows }: { rows: { next: string | null }[] } = await db.query('SELECT reembed.sweep_portion($1, $2, $3)::text AS next', [
      campaign,
      role,
      block,
    ]);
    block = rows[0]?.next ?? null;
  }
}
