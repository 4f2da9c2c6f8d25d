import type { Queryable } from '../database/connection.ts';
import type { VectorColumn } from './target.ts';

/**
 * Scans a partition that was created or attached in mid-campaign and logs its rows that lack a vector, with a commit per portion.
 *
 * @param leaf OID of the partition
 */
export async function sweepLeaf(db: Queryable, target: string, leaf: string, signal?: AbortSignal): Promise<void> {
  for (let block: string | null = '0'; block !== null && !signal?.aborted; ) {
    const { rows }: { rows: { next: string | null }[] } = await db.query(
      'SELECT reembed.sweep_leaf($1, $2::oid::regclass, $3)::text AS next',
      [target, leaf, block],
    );
    block = rows[0]?.next ?? null;
  }
}

/** Where a sweep continues: the OID of a leaf of the table, and a block of it. */
interface Place {
  leaf: string | null;
  block: string | null;
}

/**
 * Scans the table of a campaign and logs every row that lacks a vector of one role, with a commit per portion.
 *
 * @param signal stops the scan; the next call continues it
 */
export async function sweepTable(db: Queryable, campaign: string, role: VectorColumn['role'], signal?: AbortSignal): Promise<void> {
  let place: Place | undefined;
  do {
    const { rows }: { rows: Place[] } = await db.query(
      'SELECT p.next_leaf::oid::bigint AS leaf, p.next_block AS block FROM reembed.sweep_portion($1, $2, $3::oid::regclass, $4) AS p',
      [campaign, role, place?.leaf ?? null, place?.block ?? null],
    );
    place = rows[0];
  } while (place?.leaf && !signal?.aborted);
}
