import { type CampaignPlan, literal } from '../plan/plan.ts';
import type { Phase } from './phase.ts';
import { SHORT_LOCK_WAIT } from './phase.ts';

export const backfill: Phase = {
  name: 'backfill',
  locks: ({ popularColumn }) =>
    `none that blocks other sessions: reads the table once to plan the batches${popularColumn === null ? '' : ', and once to find the most popular rows'}`,
  back: () => 'cancels the jobs and deletes the ledger; stored vectors remain until expand is reverted',
  inTransaction: true,
  up: (plan) => [
    `${SHORT_LOCK_WAIT}

SELECT reembed.require_gate(${literal(plan.campaign)}, 'backfill');
SELECT reembed.enter_phase(${literal(plan.campaign)}, 'backfill');
SELECT reembed.plan_batches(${literal(plan.campaign)}, p_batch_rows => ${plan.batchRows});${popularFirst(plan)}
SELECT reembed.enqueue_work();`,
  ],
  down: (plan) => [
    `${SHORT_LOCK_WAIT}

SELECT reembed.forget_batches(${literal(plan.campaign)});
SELECT reembed.leave_phase(${literal(plan.campaign)}, 'backfill');`,
  ],
};

function popularFirst({ campaign, popularColumn }: CampaignPlan): string {
  return popularColumn === null ? '' : `\nSELECT reembed.want_popular(${literal(campaign)}, ${literal(popularColumn)});`;
}
