import { ELEMENT_TYPES } from '../database/element-types.ts';
import { type PlannedFile, phasesOf } from '../phases/files.ts';
import { tokensNote } from '../plan/count-tokens.ts';
import { type Estimate, storedBytes } from '../plan/estimate.ts';
import { goneProcedure, procedureLines } from '../plan/gone-procedure.ts';
import type { TableFacts } from '../plan/inspect.ts';
import type { InventoryFinding } from '../plan/inventory/finding.ts';
import type { StoragePromise } from '../plan/inventory/promises.ts';
import type { TextFacts } from '../plan/measure.ts';
import { OLD_MODEL_DISAGREES } from '../plan/old-model-error.ts';
import { type CampaignPlan, type IndexPlan, type ModelDefinition, targetOf, vectorType } from '../plan/plan.ts';
import type { SearchLoss } from '../plan/search-loss.ts';
import { counted, formatBytes, formatNumber, formatSeconds, formatUsd, plural } from '../wording.ts';
import { paint } from './paint.ts';
import { inventoryText, promisesText } from './show-inventory.ts';

/** Everything that a plan shows. */
export interface ShownPlan {
  /** with the definitions of its indexes as shownDefinition() gives them */
  plan: CampaignPlan;
  facts: TableFacts;
  text: TextFacts;
  estimate: Estimate;
  searchLoss: SearchLoss | null;
  probe: string;
  /** what the comparison of stored vectors with the old model came to */
  oldModel: string;
  files: PlannedFile[];
  /** findings that hold with the chosen storage */
  inventory: InventoryFinding[];
  promises: StoragePromise[];
  written: boolean;
}

/** Formats the plan of a campaign: what will be done, estimates, every lock, and warnings. */
export function planText({
  plan,
  facts,
  text,
  estimate,
  searchLoss,
  probe,
  oldModel,
  files,
  inventory,
  promises,
  written,
}: ShownPlan): string {
  const cost = estimate.usd === null ? 'price not known, give --price' : `about ${formatUsd(estimate.usd)}`;
  const lines = [
    paint(
      'strong',
      `${targetOf(plan)}: ${plan.from.name} (${plan.from.dimensions}) -> ${plan.to.name} (${plan.to.dimensions})`,
      process.stderr,
    ),
    ...(plan.part ? [`  part     ${plan.part.name}, where ${plan.part.where}; live view ${plan.liveView}`] : []),
    `  rows     ${formatNumber(estimate.rows)} with a text, of ${formatNumber(facts.rows)} (${formatBytes(facts.tableBytes)} with indexes${plan.part ? ', all rows of the table included' : ''})`,
    `  tokens   about ${formatNumber(estimate.tokens)}${tokensNote()}, longest sampled text ${formatNumber(text.longestTokens)}; ${cost}`,
    ...capLines(plan),
    `  time     about ${formatSeconds(Math.max(1, estimate.seconds))} of provider calls (${counted(estimate.requests, 'request')}); npm run status measures the rest`,
    `  disk     up to ${formatBytes(estimate.vectorBytes)} for the new vectors and row versions, about ${formatBytes(estimate.indexBytes)} for their indexes`,
    ...storageLines(plan, promises),
    `  vectors  ${plan.sideTable ? `${plan.sideTable}.` : ''}${plan.toColumn} ${vectorType(plan, plan.to)}${typeReason(plan, facts)}`,
    ...halfvecLines(searchLoss),
    ...indexLines(plan, estimate.indexSeconds, searchLoss),
    ...contractLines(plan, facts, estimate),
    `  provider ${plan.to.provider ?? 'of the environment'}: ${probe}`,
    `  old      ${oldModel}${acceptedText(plan)}`,
    ...[plan.to, plan.from].flatMap(prefixLines),
    '',
    'Locks:',
    ...phasesOf(plan).map((phase, i) => `  ${i + 1} ${phase.name.padEnd(9)}${phase.locks(plan)}`),
    ...(inventory.length === 0 ? [] : ['', 'Inventory:', ...inventoryText(inventory, plan.acceptances, process.stderr)]),
    ...warnings(plan, facts, text, estimate).map(
      (warning, i) => `${i === 0 ? `\n${paint('doubtful', 'Warnings:', process.stderr)}\n` : ''}  - ${warning}`,
    ),
    ...(plan.oldModelGone
      ? [
          '',
          `${plan.from.name} is gone, so go in this order:`,
          ...procedureLines(goneProcedure(plan.from.name, plan.to.name)).map((line) => `  ${line}`),
        ]
      : []),
    '',
    written ? 'Written:' : 'Would be written:',
    ...files.map(({ path }) => `  ${path}`),
    '',
    written ? `Review them, then: ${paint('command', 'npm run migrate up', process.stderr)}` : 'Nothing was written.',
  ];
  return lines.join('\n');
}

function storageLines({ part, sideTable }: CampaignPlan, promises: StoragePromise[]): string[] {
  if (part)
    return [
      '  storage  side-table: no row of the table is written before contract; the live view joins two tables by key, and shows no row without a vector',
    ];
  const storage = sideTable ? 'side-table' : 'column';
  return [`  storage  ${storage}, of:`, ...promisesText(promises, storage).map((line) => `    ${line}`)];
}

/** The indexes on the new vectors, and those that end with the old column. */
function indexLines(plan: CampaignPlan, seconds: number | null, loss: SearchLoss | null): string[] {
  const time = seconds === null ? '' : `; roughly ${formatSeconds(Math.max(1, seconds))} of one processor to build`;
  const lines = plan.indexes.map((index) => {
    if (index.isMain) return `${index.method}${formText(index)}${index.parameters ? ` (${index.parameters})` : ''}, ${plan.to.distance}`;
    return `after ${index.oldName}: ${index.definition}`;
  });
  const ending = plan.oldIndexes.filter(({ name }) => !plan.indexes.some(({ oldName }) => oldName === name));
  return [
    `  index    ${lines[0] ?? 'none'}${time}`,
    ...candidateLines(plan, loss),
    ...lines.slice(1).map((line) => `           ${line}`),
    ...ending.map(({ name }) => `           none after ${name}: contract drops it with the old vectors, its rollback builds it again`),
  ];
}

/** What the contract of a part costs, which writes its rows once more. */
function contractLines({ part, from }: CampaignPlan, { rowBytes, partIndexes }: TableFacts, { rows, vectorBytes }: Estimate): string[] {
  if (part === null) return [];
  const replaced =
    partIndexes.length === 0
      ? []
      : [
          `           it drops ${partIndexes.join(', ')} before, and builds one like the new index; its rollback builds the old ${plural(partIndexes.length, 'one')} again`,
        ];
  return [
    `  contract writes ${counted(rows, 'row')} of the part once more: about ${formatBytes(vectorBytes + rows * rowBytes)} of new row versions, the same of WAL, and ${formatBytes(rows * storedBytes(from.elementType, from.dimensions))} of archive; it writes a quarter of the time at most (max_read_slowdown), less where a signal throttles it`,
    ...replaced,
  ];
}

function typeReason({ to }: CampaignPlan, { elementType }: TableFacts): string {
  const limit = ELEMENT_TYPES[elementType].maxIndexedDimensions;
  if (to.elementType === elementType) return '';
  return to.dimensions > limit && to.dimensions <= ELEMENT_TYPES[to.elementType].maxIndexedDimensions
    ? `, because an index takes ${elementType} only up to ${formatNumber(limit)} dimensions`
    : `, as --type says: ${ELEMENT_TYPES[to.elementType].bytesPerDimension / ELEMENT_TYPES[elementType].bytesPerDimension} times the bytes of ${elementType}`;
}

function halfvecLines(loss: SearchLoss | null): string[] {
  if (loss === null) return [];
  const beyond =
    loss.beyondHalfvec === 0
      ? []
      : [
          `           ${formatNumber(loss.beyondHalfvec)} of ${formatNumber(loss.rows + loss.beyondHalfvec)} sampled old vectors are too long for halfvec, whose components end at 65,504; a row whose new vector does not fit is parked as out_of_range`,
        ];
  if (loss.halfvec === null) return beyond;
  const sample = `of ${formatNumber(loss.queries)} searches in ${formatNumber(loss.rows)} old vectors`;
  return loss.halfvec === 1
    ? [`           in halfvec, all of the ten nearest rows ${sample} stay the same`, ...beyond]
    : [`           in halfvec, ${loss.halfvec.toFixed(3)} of the ten nearest rows ${sample} stay the same`, ...beyond];
}

function formText({ form }: IndexPlan): string {
  if (form.name === 'plain') return '';
  return form.name === 'binary' ? ' on the signs of the components' : ` on the first ${formatNumber(form.dimensions ?? 0)} dimensions`;
}

/** How vectors are searched whose index holds less than they do, and what is known about its recall. */
function candidateLines(plan: CampaignPlan, loss: SearchLoss | null): string[] {
  const form = plan.indexes.find(({ isMain }) => isMain)?.form.name ?? 'plain';
  if (form === 'plain') return [];
  const limit = ELEMENT_TYPES[plan.to.elementType].maxIndexedDimensions;
  const reason =
    plan.to.dimensions > limit ? `, because an index takes ${plan.to.elementType} only up to ${formatNumber(limit)} dimensions` : '';
  const measured =
    loss === null || loss.candidates.length === 0
      ? 'the old vectors say nothing about its recall: validate measures it'
      : `recall@10 in ${formatNumber(loss.rows)} old vectors, by candidates: ${loss.candidates.map(({ candidates, recall }) => `${candidates}: ${recall.toFixed(3)}`).join(', ')}; more rows need more of them, validate measures it`;
  return [
    `           it returns candidates that are ranked by the exact distance${reason}`,
    `           search: reembed_live${plan.schema === 'public' ? '' : `_in_${plan.schema}`}.nearest_${plan.liveView.replace(/_live$/, '')}(query, k, candidates), in a schema that expand creates`,
    `           ${measured}`,
  ];
}

function acceptedText({ acceptances }: CampaignPlan): string {
  const accepted = acceptances.find(({ code }) => code === OLD_MODEL_DISAGREES);
  return accepted === undefined ? '' : `; accepted: ${accepted.reason}`;
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

function warnings(plan: CampaignPlan, facts: TableFacts, text: TextFacts, estimate: Estimate): string[] {
  const found: string[] = [];
  if ((plan.maxTokens ?? Number.POSITIVE_INFINITY) < estimate.tokens || (plan.maxUsd ?? Number.POSITIVE_INFINITY) < (estimate.usd ?? 0))
    found.push('the spend cap is below the estimate: the backfill will pause before its end');
  if (plan.oldModelGone) {
    found.push(
      'the old model is gone: rows written from now on get no old vector, and a rollback after the switch brings back searches whose queries nobody can embed',
    );
  } else if (!plan.keepOldCurrent) {
    found.push(
      'the old model is not named (--from): rows written after the switch get no old vector, so searches would not find them after a rollback',
    );
  }
  if (plan.to.tokenLimit !== null && text.longestTokens > plan.to.tokenLimit) {
    found.push(
      `some texts are longer than the limit of the model, ${plan.to.tokenLimit} tokens; their rows will be listed in reembed.failed_row`,
    );
  }
  const tied = facts.indexes.find(({ name, namesOthers }) => namesOthers && plan.indexes.some(({ oldName }) => oldName === name));
  if (tied)
    found.push(
      `${tied.name} names other columns of the table, so the new vectors cannot be in a side table (unless --drop-index ${tied.name})`,
    );
  if (plan.indexes.length > 0 && !plan.indexes.some(({ isMain }) => isMain))
    found.push('no index covers every row, as before: validations do not measure the recall of an index. --index hnsw adds one');
  if (plan.indexes.some(({ isMain, form }) => isMain && form.name !== 'plain'))
    found.push(
      'a search of the application that orders by the distance of the vectors themselves will read the whole table after the switch: change it to the function in reembed_live before, which serves both models',
    );
  if (plan.from.elementType !== plan.to.elementType) {
    found.push(
      `the type of the live view changes from ${plan.from.elementType} to ${plan.to.elementType} at the switch: the view is recreated with the same grants, and so are views and functions that depend on it; other objects stay on the former view`,
    );
  }
  return found;
}
