import { headedTable } from '../validation/report/report-wording.ts';
import { counted, formatNumber } from '../wording.ts';
import { paint, paintVerdict } from './paint.ts';
import type { CampaignStatus } from './read-status.ts';

/** Formats the running campaigns of a table group: a line a table, and their sum. */
export function groupStatusText(group: string, campaigns: readonly CampaignStatus[]): string {
  return `${paint('strong', `table group ${group}`)}\n${campaignsTable(campaigns, counted(campaigns.length, 'table'))}`;
}

/** Formats more campaigns than fit a screen in full: a line for each, and below what slows or impairs one. */
export function manyCampaignsText(campaigns: readonly CampaignStatus[]): string {
  const count = counted(campaigns.length, 'campaign');
  const troubles = campaigns.flatMap(({ target, health }) => health.map(({ reason }) => `  ${target}: ${paint('doubtful', reason)}`));
  const more = `one of them in full: ${paint('command', 'npm run status -- --target NAME')}`;
  return [paint('strong', count), campaignsTable(campaigns, count), ...troubles, more].join('\n');
}

function campaignsTable(campaigns: readonly CampaignStatus[], sumOf: string): string {
  const rows = [['table', 'phase', 'reads', 'rows', 'changes', 'failed', 'validation', 'next']];
  for (const row of campaigns) {
    rows.push([
      row.target,
      row.phase,
      row.read_model,
      rowsText(row),
      formatNumber(row.outdated),
      formatNumber(row.failed),
      row.validation ? paintVerdict(row.validation.verdict) : '-',
      nextText(row),
    ]);
  }
  rows.push([
    sumOf,
    countText(campaigns, ({ phase }) => phase),
    countText(campaigns, ({ read_model }) => read_model),
    rowsText({ done: sum(campaigns, 'done'), total: sum(campaigns, 'total') }),
    formatNumber(sum(campaigns, 'outdated')),
    formatNumber(sum(campaigns, 'failed')),
    countText(campaigns, ({ validation }) => validation?.verdict ?? 'none'),
    '',
  ]);
  return headedTable(rows);
}

function rowsText({ done, total }: { done: number; total: number }): string {
  return `${formatNumber(done)} of ${formatNumber(total)}`;
}

function sum(campaigns: readonly CampaignStatus[], figure: 'done' | 'total' | 'outdated' | 'failed'): number {
  return campaigns.reduce((sofar, row) => sofar + row[figure], 0);
}

/** How often each value occurs: "48 index, 2 backfill". */
function countText(campaigns: readonly CampaignStatus[], of: (row: CampaignStatus) => string): string {
  const counts = new Map<string, number>();
  for (const row of campaigns) counts.set(of(row), (counts.get(of(row)) ?? 0) + 1);
  return [...counts].map(([value, count]) => `${count} ${value}`).join(', ');
}

function nextText({ next }: CampaignStatus): string {
  if (!next) return 'finished';
  const [first] = next.open_conditions ?? [];
  return first ? `${next.phase}: ${first.condition}` : `${next.phase}: ${next.command}`;
}
