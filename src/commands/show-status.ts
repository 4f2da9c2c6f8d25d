import { goneProcedure, procedureLines } from '../plan/gone-procedure.ts';
import { counted, formatNumber, formatSeconds, formatUsd, plural } from '../wording.ts';
import { paint } from './paint.ts';
import { phaseRail } from './phase-rail.ts';
import { blockBar } from './progress-display.ts';
import type { CampaignStatus, Moving, Status } from './read-status.ts';
import type { Verdict } from './read-verdicts.ts';
import { groupStatusText, manyCampaignsText } from './show-group.ts';
import { buildLine } from './show-index-build.ts';
import { capText, waitingText } from './show-progress.ts';
import { unreadText } from './view-readers.ts';

const BAR_WIDTH = 40;
// More would not fit a screen, and what waits for a person would scroll away.
const MOST_IN_FULL = 5;

/** Formats the status for people. Colours appear only on a terminal. */
export function statusText(status: Status): string {
  const inGroup = Map.groupBy(
    status.campaigns.filter(({ current }) => current),
    ({ group }) => group,
  );
  const alone = inGroup.get(null) ?? [];
  const isMany = alone.length > MOST_IN_FULL;
  const blocks = status.campaigns
    .filter(({ current, group }) => !current || (group === null && !isMany))
    .map((campaign) => (campaign.current ? campaignText(campaign) : earlierText(campaign)));
  if (isMany) blocks.push(manyCampaignsText(alone));
  for (const [group, campaigns] of inGroup) if (group !== null) blocks.push(groupStatusText(group, campaigns));
  if (!status.installed) blocks.push(`pg-reembed is not installed in this database yet.\nNext: ${paint('command', status.command ?? '')}`);
  else if (status.campaigns.length === 0) blocks.push('No campaign has been started.');
  const { pending, problem } = status.migrations;
  if (problem) blocks.push(`${paint('doubtful', 'migration files:')} ${problem.message}\n  ${problem.remedy}`);
  if (status.installed && status.command) {
    const [first] = pending;
    blocks.push(
      first
        ? `Waiting to be run: ${first}${pending.length > 1 ? ` and ${pending.length - 1} more` : ''}\nNext: ${paint('command', status.command)}`
        : `Next: ${paint('command', status.command)}`,
    );
  }
  return `${blocks.join('\n\n')}\n`;
}

function earlierText(campaign: CampaignStatus): string {
  const archive = campaign.archive ? `; its old vectors are kept in reembed.${campaign.archive}` : '';
  return paint('faint', `${campaign.target}: ${campaign.from_model} -> ${campaign.to_model} is finished${archive}`);
}

function campaignText(row: CampaignStatus): string {
  const lines: [label: string, text: string][] = [
    ['phase', `${row.phase} since ${dateText(row.phase_entered_at)}`],
    ['reads', readsText(row)],
    ['rows', rowsText(row)],
    ['speed', speedText(row)],
    ...(row.rows_at_batch_api > 0
      ? [['batch API', `${counted(row.rows_at_batch_api, 'row')}: select * from reembed.provider_batch`] as [string, string]]
      : []),
    ['changes', `${waitingText(row)}, ${counted(row.live_rows, 'vector')} stored for live writes`],
    [
      'failed',
      row.failed === 0
        ? '0 rows'
        : paint('bad', `${counted(row.failed, 'row')}: select key, model, class, message from reembed.failed_row`),
    ],
    ['tokens', tokensText(row)],
    ['workers', String(row.workers)],
    ['slowed by', row.throttled_by === null ? 'nothing' : paint('doubtful', row.throttled_by)],
    ...row.health.filter(({ throttles }) => !throttles).map(({ reason }): [string, string] => ['warning', paint('doubtful', reason)]),
    ...(row.index_build ? [['index', `${row.index_build.index}: ${buildLine(row.index_build)}`] satisfies [string, string]] : []),
    ...(row.moving ? [['moving', movingText(row.moving)] satisfies [string, string]] : []),
    ...unreadLines(row),
    ...goneLines(row),
    ['validation', row.validation ? verdictText(row.validation) : 'none yet'],
    ...nextLines(row),
  ];
  return [
    paint('strong', `${row.target}: ${row.from_model} -> ${row.to_model}`),
    `  ${phaseRail(row)}`,
    ...lines.map(([label, text]) => `  ${label.padEnd(12)}${text.replaceAll('\n', `\n${' '.repeat(14)}`)}`),
  ].join('\n');
}

function movingText({ what, percent }: Moving): string {
  const way = {
    into_column: 'new vectors into the column; searches read the side table until all are there',
    out_of_column: 'new vectors into a side table again',
    from_archive: 'old vectors from the archive into the column',
  }[what];
  return `${percent} % of the table: ${way}`;
}

function unreadLines({ live_view }: CampaignStatus): [string, string][] {
  const text = live_view === null ? undefined : unreadText(live_view);
  return text === undefined ? [] : [['warning', paint('doubtful', text)]];
}

/** The order to go in, until the new model is live. */
function goneLines({ old_model_gone, read_model, from_model, to_model }: CampaignStatus): [string, string][] {
  if (!old_model_gone || read_model !== from_model) return [];
  return [
    ['procedure', [`${from_model} is gone, so go in this order:`, ...procedureLines(goneProcedure(from_model, to_model))].join('\n')],
  ];
}

function readsText(row: CampaignStatus): string {
  const parts = [`${row.read_model}${row.switched_at ? ` since ${dateText(row.switched_at)}` : ''}`];
  if (row.canary_percent) parts.push(`${row.canary_percent} % of readers use ${row.to_model} (canary)`);
  if (row.shadow_percent) parts.push(`${row.shadow_percent} % of searches are repeated with the other model (shadow reads)`);
  return parts.join('; ');
}

function rowsText(row: CampaignStatus): string {
  if (row.percent === null) return row.phase === 'expand' ? 'not planned yet' : 'nothing to embed';
  const textless =
    row.table_rows === null || row.rows_with_text === null || row.table_rows === row.rows_with_text
      ? ''
      : `; ${formatNumber(row.rows_with_text)} of ${formatNumber(row.table_rows)} ${plural(row.rows_with_text, 'has', 'have')} a text`;
  return `${blockBar(row.percent / 100, BAR_WIDTH)} ${row.percent.toFixed(1)} %  ${formatNumber(row.done)} of ${formatNumber(row.total)}${textless}`;
}

function speedText(row: CampaignStatus): string {
  if (row.percent === null || row.done >= row.total) return '-';
  if (row.rows_per_second === null) return 'not known yet';
  const rate = `${formatNumber(row.rows_per_second)} rows/s`;
  return `${rate}, ${row.eta_seconds === null ? 'ETA after the first percent' : `ETA ${formatSeconds(row.eta_seconds)}`}`;
}

function tokensText(row: CampaignStatus): string {
  const tokens = `${formatNumber(row.tokens)}${row.tokens_expected === null ? '' : ` of about ${formatNumber(row.tokens_expected)}`}`;
  const cap = capText(row);
  const rest = cap === '' ? '' : `; ${cap}`;
  if (row.cost_usd === null) return `${tokens}; price not known${rest}`;
  return `${tokens}; ${formatUsd(row.cost_usd)}${row.cost_usd_expected === null ? '' : ` of about ${formatUsd(row.cost_usd_expected)}`}${rest}`;
}

function verdictText(verdict: Verdict): string {
  const figures = [
    `overlap ${verdict.overlap.toFixed(2)}`,
    verdict.index_recall === null ? '' : `index recall ${verdict.index_recall.toFixed(2)}`,
    counted(verdict.queries, 'query', 'queries'),
  ];
  const outcome = {
    pass: paint('good', 'passed'),
    fail: `${paint('bad', 'failed')}${reasonsOf(verdict.reasons)}`,
    unsure: `${paint('doubtful', 'unsure')}${reasonsOf(verdict.doubts)}`,
  }[verdict.verdict];
  return `${outcome} (${figures.filter(Boolean).join(', ')}; ${dateText(verdict.finished_at)})`;
}

function reasonsOf(findings: Verdict['reasons']): string {
  return findings.length === 0 ? '' : `: ${findings.map(({ reason }) => reason).join('; ')}`;
}

/** The next phase with what it waits for, and the one command to run now. */
function nextLines(row: CampaignStatus): [string, string][] {
  if (row.next === null && row.moving)
    return [['next', `the rollback of contract was interrupted: ${paint('command', 'npm run migrate down')}`]];
  if (row.next === null)
    return [['next', row.archive ? `finished; to delete the archive of the old vectors: npm run purge -- ${row.campaign}` : 'finished']];
  const { phase, open_conditions: conditions, command, is_under_way } = row.next;
  if (conditions === null) return [['next', `${phase}; this role has no right to read its gate`]];
  const [first, ...others] = conditions;
  if (!first) return [['next', `${phase}: ${paint('command', command)}`]];
  const waits = others.length === 0 ? `${phase} waits: ${first.condition}` : `${phase} waits:`;
  const list = others.length === 0 ? [] : conditions.map(({ condition }) => `- ${condition}`);
  return [
    ['next', [waits, ...list].join('\n')],
    ['run', is_under_way ? `nothing: ${counted(row.workers, 'worker is', 'workers are')} running` : paint('command', command)],
  ];
}

function dateText(date: Date): string {
  return `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
