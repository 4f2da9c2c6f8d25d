import type { Queryable } from '../database/connection.ts';
import { ReembedError } from '../errors.ts';

/** Work remains, but it is paused. */
export class WorkPaused extends ReembedError {
  constructor(target: string, reason: string | null) {
    super('paused', `${target} is paused${reason ? `: ${reason}` : ''}`, 'npm run setting -- paused=false');
  }
}

/** A target with an open batch, a waiting change, or a table that still has to be swept. */
export interface OpenTarget {
  name: string;
  paused: boolean;
  reason: string | null;
}

/**
 * Reads the targets that have work left.
 *
 * @param target only this one; all of them when left out
 */
export async function openTargets(db: Queryable, target?: string): Promise<OpenTarget[]> {
  const { rows } = await db.query<OpenTarget>(
    `SELECT s.target AS name, s.paused, s.paused_reason AS reason FROM reembed.setting AS s
      WHERE s.target = coalesce($1, s.target)
        AND (EXISTS (SELECT FROM reembed.change AS c WHERE c.target = s.target)
         OR EXISTS (SELECT FROM reembed.campaign AS m
                     WHERE m.target = s.target
                       AND (m.phase = 'backfill' AND reembed.needs_sweep(m.name) OR m.needs_old_sweep
                            OR EXISTS (SELECT FROM reembed.batch AS b WHERE b.campaign = m.name AND b.state = 'pending'))))
      ORDER BY s.target`,
    [target ?? null],
  );
  return rows;
}

/** Whether no batch is open, no changed row is waiting, and every table was swept. */
export async function isDrained(db: Queryable, target?: string): Promise<boolean> {
  return (await openTargets(db, target)).length === 0;
}

/** Whether no batch is open, no row changed more than a few seconds ago is waiting, and every table was swept. */
export async function isNearlyDrained(db: Queryable): Promise<boolean> {
  const { rows } = await db.query<{ drained: boolean }>(
    `SELECT NOT EXISTS (SELECT FROM reembed.batch WHERE state = 'pending')
        AND NOT EXISTS (SELECT FROM reembed.target WHERE reembed.late_rows(name) > 0)
        AND NOT EXISTS (SELECT FROM reembed.campaign WHERE phase = 'backfill' AND reembed.needs_sweep(name) OR needs_old_sweep) AS drained`,
  );
  return rows[0]?.drained ?? true;
}

/** @throws WorkPaused when all the work that is left is paused, because a person waits for the result */
export async function throwIfPaused(db: Queryable, target?: string): Promise<void> {
  const open = await openTargets(db, target);
  const [first] = open;
  if (first && open.every(({ paused }) => paused)) throw new WorkPaused(first.name, first.reason);
}
