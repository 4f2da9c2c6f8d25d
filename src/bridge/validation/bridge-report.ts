import type { Interval } from '../../validation/metrics/bootstrap.ts';
import { indented, intervalText, plainTable, signed } from '../../validation/report/report-wording.ts';
import { counted, formatNumber, plural } from '../../wording.ts';
import type { BridgeCoverage } from './bridge-coverage.ts';
import { type BridgeVerdict, bridgeRow } from './store-bridge.ts';
import type { BridgeRun } from './validate-bridge.ts';

/** Formats a run for people. */
export function bridgeText(run: BridgeRun, { id, verdict, finding }: BridgeVerdict): string {
  const { campaign, bridge, coverage, figures, k, queries } = run;
  const { old, renewed, difference } = figures;
  const embedded = coverage.embeddedRows;
  const table = plainTable();
  const add = (label: string, of: Interval | null, more: string) =>
    table.push([label, of === null ? '-' : of.value.toFixed(3), of === null ? '' : intervalText(of), more]);
  add('old model', old, old === null ? 'cannot be called' : '');
  add('bridge', figures.bridge, difference === null ? '' : `${signed(difference.value)} ${intervalText(difference, signed)}`);
  add('new model', renewed, renewed === null ? 'no judged row has its vector yet' : 'over the rows that have its vector');
  return [
    `bridge validation ${id}: ${campaign.old.model.name} -> ${campaign.new.model.name} on ${campaign.target}, map of ${bridge.fittedAt}`,
    `${counted(queries.length, 'judged query', 'judged queries')} from ${run.querySource}, ${k} nearest rows of each, ${run.candidates} candidates, seed ${run.seed}`,
    `${formatNumber(embedded)} of ${counted(coverage.rows, 'row')} ${plural(embedded, 'has', 'have')} the new vector`,
    ...notRecalled(coverage),
    '',
    `nDCG@${k}`,
    table.toString(),
    '',
    verdict.toUpperCase(),
    ...(finding ? indented(finding.reason) : ['  - the bridge may serve searches until the switch']),
  ]
    .join('\n')
    .replace(/ +$/gm, '');
}

function notRecalled({ rowsLackingOldVector: rows, hasNewIndex }: BridgeCoverage): string[] {
  if (rows === 0 || hasNewIndex) return [];
  return [`${counted(rows, 'row')} without an old vector: not found over the bridge until the index on the new vectors is there`];
}

/** Formats a run as JSON, with the column names of reembed.bridge_validation. */
export function bridgeJson(run: BridgeRun, { id, verdict, finding }: BridgeVerdict): Record<string, unknown> {
  return { id, target: run.campaign.target, ...bridgeRow(run), verdict, finding };
}
