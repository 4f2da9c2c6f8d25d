import { literal } from '../plan/plan.ts';
import type { Phase } from './phase.ts';
import { SHORT_LOCK_WAIT } from './phase.ts';

export const backfill: Phase = {
  name: 'backfill',
  locks: () => 'none that blocks other sessions: reads the table once to plan the batches',
  back: () => 'cancels the jobs and deletes the ledger; stored vectors remain until expand is taken down',
  inTransaction: true,
  up: (plan) => [
    `${SHORT_LOCK_WAIT}

SELECT reembed.require_gate(${literal(plan.campaign)}, 'backfill');
SELECT reembed.enter_phase(${literal(plan.campaign)}, 'backfill');
SELECT reembed.plan_batches(${literal(plan.campaign)}, p_batch_rows => ${plan.batchRows});
SELECT reembed.enqueue_work();`,
  ],
  down: (plan) => [
    `${SHORT_LOCK_WAIT}

SELECT reembed.forget_batches(${literal(plan.campaign)});
SELECT reembed.leave_phase(${literal(plan.campaign)}, 'backfill');`,
  ],
};
