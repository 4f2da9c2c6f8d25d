import type { Queryable } from '../database/connection.ts';
import { literal, targetOf } from '../plan/plan.ts';
import type { Phase } from './phase.ts';
import { SHORT_LOCK_WAIT } from './phase.ts';

export const switchOver: Phase = {
  name: 'switch',
  locks: () => 'ACCESS EXCLUSIVE on the live view for milliseconds; none on the table',
  back: () => 'the live view reads the old model again within milliseconds; no vector is lost',
  inTransaction: true,
  up: (plan) => [
    `${SHORT_LOCK_WAIT}

SELECT reembed.require_gate(${literal(plan.campaign)}, 'switch');
SELECT reembed.enter_phase(${literal(plan.campaign)}, 'switch');
-- A trigger on the setting replaces the live view in this same transaction.
UPDATE reembed.setting SET read_model = ${literal(plan.to.name)} WHERE target = ${literal(targetOf(plan))};`,
  ],
  down: (plan) => [
    `${SHORT_LOCK_WAIT}

UPDATE reembed.setting SET read_model = ${literal(plan.from.name)} WHERE target = ${literal(targetOf(plan))};
SELECT reembed.leave_phase(${literal(plan.campaign)}, 'switch');`,
  ],
};

/** Counts the rows with a text that the old model could not find after a rollback of the switch. Reads the whole table. */
export async function rowsLackingOldVector(db: Queryable, campaign: string): Promise<number> {
  const { rows } = await db.query<{ missing: string }>('SELECT reembed.rows_lacking_old_vector($1) AS missing', [campaign]);
  return Number(rows[0]?.missing ?? 0);
}
