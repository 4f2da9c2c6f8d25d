import type { Config } from '../config.ts';
import { UsageError } from '../errors.ts';
import type { CampaignRequest } from './campaign-request.ts';
import type { Draft } from './draft-table.ts';
import { hasDimensions } from './inspect.ts';
import { reasonOf } from './inventory/accepted.ts';
import { checkOldModel, notChecked, type OldModelCheck } from './old-model-check.ts';
import { OLD_MODEL_DISAGREES } from './old-model-error.ts';
import { type CampaignPlan, modelRow } from './plan.ts';

/** Compares stored vectors with the old model of a draft, if it can be called. See checkOldModel(). */
export async function compareOldModel({ plan, facts, stored, minSimilarity }: Draft, config: Config): Promise<OldModelCheck> {
  if (plan.oldModelGone) return notChecked('it cannot be called any more (--old-model-gone)');
  if (!plan.keepOldCurrent) return notChecked('the old model is not named (--from)');
  if (!stored) return notChecked('--no-probe');
  return checkOldModel(
    {
      model: modelRow(plan.from),
      role: 'old',
      column: `${facts.table}.${facts.column}`,
      isTyped: hasDimensions(facts.columnType),
      stored,
      minSimilarity,
      // The two models of a campaign are easily exchanged.
      otherModels: [{ name: plan.to.providerModel, dimensions: plan.to.dimensions }],
    },
    config,
  );
}

/**
 * Adds the acceptance of a disagreement to the plan.
 *
 * @throws OldModelDisagrees, UsageError when there is nothing to accept
 */
export function withAcceptance(plan: CampaignPlan, { refusal, rows, disagreeing }: OldModelCheck, request: CampaignRequest): CampaignPlan {
  const isAccepted = request.accept?.includes(OLD_MODEL_DISAGREES) ?? false;
  if (!refusal) {
    if (isAccepted && rows !== undefined) throw new UsageError(`there is no ${OLD_MODEL_DISAGREES} to accept`, 'leave it out of --accept');
    return plan;
  }
  if (!isAccepted) throw refusal;
  const acceptance = { code: OLD_MODEL_DISAGREES, reason: reasonOf(request.reason), evidence: { rows, disagreeing } };
  return { ...plan, acceptances: [...plan.acceptances, acceptance] };
}
