import { createSideTable } from '../../phases/1-expand.ts';
import { type CampaignPlan, identifier, tableOf, vectorType } from '../plan.ts';
import type { InventoryFinding } from './finding.ts';

/** Adds the statements that subscribers need, now that the names of columns and tables are decided. */
export function withStatements(finding: InventoryFinding, plan: CampaignPlan): InventoryFinding {
  const statements = statementsFor(finding, plan);
  return statements === undefined ? finding : { ...finding, avoid: `${finding.avoid}; on each subscriber: ${statements}` };
}

function statementsFor({ code }: InventoryFinding, plan: CampaignPlan): string | undefined {
  if (code === 'subscribers-lack-columns')
    return `ALTER TABLE ${tableOf(plan)} ADD COLUMN ${identifier(plan, plan.toColumn)} ${vectorType(plan, plan.to)}, ADD COLUMN ${identifier(plan, plan.toVersionColumn)} text`;
  if (code === 'subscribers-lack-tables' && plan.sideTable !== null) return createSideTable(plan);
  return undefined;
}
