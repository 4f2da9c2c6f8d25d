import { ELEMENT_TYPES } from '../database/element-types.ts';
import { type PlannedFile, phases } from '../phases/files.ts';
import type { Estimate } from '../plan/estimate.ts';
import type { TableFacts } from '../plan/inspect.ts';
import type { TextFacts } from '../plan/measure.ts';
import { type CampaignPlan, type ModelDefinition, vectorType } from '../plan/plan.ts';
import { adviseStorage, type StorageAdvice, type StorageCost } from '../plan/storage.ts';
import { bold, dim, formatBytes, formatNumber, formatSeconds } from './print.ts';
import { formatUsd } from './show-progress.ts';

/** Everything that a plan shows. */
export interface ShownPlan {
  plan: CampaignPlan;
  facts: TableFacts;
  text: TextFacts;
  estimate: Estimate;
  probe: string;
  files: PlannedFile[];
  written: boolean;
}

/** Formats the plan of a campaign: what will be done, estimates, every lock, and warnings. */
export function planText({ plan, facts, text, estimate, probe, files, written }: ShownPlan): string {
  const cost = estimate.usd === null ? 'price not known, give --price' : `about ${formatUsd(estimate.usd)}`;
  const lines = [
    bold(
      `${plan.schema}.${plan.table}.${plan.column}: ${plan.from.name} (${plan.from.dimensions}) -> ${plan.to.name} (${plan.to.dimensions})`,
    ),
    `  rows     ${formatNumber(estimate.rows)} with a text, of ${formatNumber(facts.rows)} (${formatBytes(facts.tableBytes)} with indexes)`,
    `  tokens   about ${formatNumber(estimate.tokens)}, longest sampled text ${formatNumber(text.longestTokens)}; ${cost}`,
    ...capLines(plan),
    `  time     about ${formatSeconds(estimate.seconds)} of provider calls (${formatNumber(estimate.requests)} requests); npm run status measures the rest`,
    `  disk     up to ${formatBytes(estimate.vectorBytes)} for the new vectors and row versions, about ${formatBytes(estimate.indexBytes)} for their index`,
    storageLine(plan, adviseStorage(facts, plan.to)),
    `  vectors  ${plan.sideTable ? `${plan.sideTable}.` : ''}${plan.toColumn} ${vectorType(plan, plan.to)}${plan.to.elementType === facts.elementType ? '' : `, because an index takes ${facts.elementType} only up to ${formatNumber(ELEMENT_TYPES[facts.elementType].maxIndexedDimensions)} dimensions`}`,
    `  index    ${plan.index ? `${plan.index.method}${plan.index.parameters ? ` (${plan.index.parameters})` : ''}, ${plan.to.distance}` : 'none'}${estimate.indexSeconds === null ? '' : `; roughly ${formatSeconds(estimate.indexSeconds)} of one processor to build`}`,
    `  provider ${plan.to.provider ?? 'of the environment'}: ${probe}`,
    ...[plan.to, plan.from].flatMap(prefixLines),
    '',
    'Locks:',
    ...phases.map((phase, i) => `  ${i + 1} ${phase.name.padEnd(9)}${phase.locks(plan)}`),
    ...warnings(plan, facts, text, estimate).map((warning, i) => `${i === 0 ? '\nWarnings:\n' : ''}  - ${warning}`),
    '',
    written ? 'Written:' : 'Would be written:',
    ...files.map(({ path }) => `  ${path}`),
    '',
    dim(written ? 'Review them, then: npm run migrate up' : 'Nothing was written.'),
  ];
  return lines.join('\n');
}

function capLines({ maxTokens, maxUsd }: CampaignPlan): string[] {
  if (maxTokens === null && maxUsd === null) return [];
  const caps = [maxTokens === null ? '' : `${formatNumber(maxTokens)} tokens`, maxUsd === null ? '' : formatUsd(maxUsd)];
  return [`  cap      ${caps.filter(Boolean).join(' and ')}: at this spend, changed rows included, the campaign pauses`];
}

/** What the model's texts begin with: queries and stored texts must be embedded as the model was trained. */
function prefixLines({ name, documentPrefix, queryPrefix }: ModelDefinition): string[] {
  if (documentPrefix + queryPrefix === '') return [];
  return [`  prefixes of ${name}: ${JSON.stringify(documentPrefix)} for stored texts, ${JSON.stringify(queryPrefix)} for queries`];
}

function storageLine(plan: CampaignPlan, advice: StorageAdvice): string {
  const chosen = plan.sideTable ? 'side-table' : 'column';
  const cost = ({ seconds, walBytes }: StorageCost) => `${formatSeconds(seconds)} of writing and ${formatBytes(walBytes)} of WAL`;
  const other = advice.recommended === 'column' ? 'a column is sufficient' : 'a side table is recommended';
  const judgement = chosen === advice.recommended ? advice.reason : `${other}: ${advice.reason}`;
  return `  storage  ${chosen} (${judgement}); column: about ${cost(advice.column)}, side-table: ${cost(advice.sideTable)}`;
}

function warnings(plan: CampaignPlan, facts: TableFacts, text: TextFacts, estimate: Estimate): string[] {
  const found: string[] = [];
  if ((plan.maxTokens ?? Number.POSITIVE_INFINITY) < estimate.tokens || (plan.maxUsd ?? Number.POSITIVE_INFINITY) < (estimate.usd ?? 0))
    found.push('the spend cap is below the estimate: the backfill will pause before its end');
  if (!plan.keepOldCurrent) {
    found.push(
      'the old model is not named (--from): rows written after the switch get no old vector, so searches would not find them after a rollback',
    );
  }
  if (plan.to.tokenLimit !== null && text.longestTokens > plan.to.tokenLimit) {
    found.push(
      `some texts are longer than the limit of the model, ${plan.to.tokenLimit} tokens; their rows will be listed in reembed.failed_row`,
    );
  }
  for (const dependent of facts.dependents)
    found.push(`${dependent} uses ${plan.column}; contract refuses until it reads ${plan.liveView} instead`);
  if (facts.notNull) found.push(`${plan.column} is NOT NULL; the new column is not, because a new row is stored before its vector`);
  if (facts.rowSecurity) found.push('the table has row level security: run workers as a role that sees every row');
  if (plan.sideTable) {
    found.push(
      `${plan.liveView} will show only rows that have a vector; after contract ${plan.table} has no ${plan.column}, so the application must not write it`,
    );
  }
  if (plan.from.elementType !== plan.to.elementType) {
    found.push(
      `the type of the live view changes from ${plan.from.elementType} to ${plan.to.elementType} at the switch: the view is recreated with the same grants, and views that depend on it block the switch`,
    );
  }
  return found;
}
