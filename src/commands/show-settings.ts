import Table from 'cli-table3';
import { columnsOf } from '../fit-columns.ts';
import { paint } from './paint.ts';
import type { SettingDescription } from './read-settings.ts';

/** A setting with its present value. */
export interface ShownSetting extends SettingDescription {
  value: unknown;
}

/** The settings by what they are about. A setting that is not named here is shown last, so that a new one is not lost. */
export const SETTING_GROUPS: Record<string, readonly string[]> = {
  'Speed and spend': ['paused', 'requests_per_minute', 'tokens_per_minute', 'max_tokens', 'max_usd'],
  'Rows that are embedded': ['keep_old_current', 'old_model_gone', 'maintained_by', 'max_failed_rows', 'max_text_bytes'],
  'What slows the backfill': ['max_replica_lag_bytes', 'max_wal_backlog_bytes', 'max_lock_waits', 'yields_to_vacuum', 'max_read_slowdown'],
  'Verdict of a validation': [
    'min_overlap',
    'min_index_recall',
    'candidates',
    'max_ndcg_loss',
    'min_filtered_rows',
    'max_latency_ratio',
    'max_audit_share',
    'min_audit_similarity',
    'max_shared_vectors',
    'max_odd_norms',
    'max_changed_old_rows',
  ],
  'Switch and contract': ['read_model', 'canary_percent', 'canary_steps', 'canary_step_time', 'auto_revert', 'soak'],
  'Queries and shadow reads': [
    'query_log_percent',
    'query_log_rows',
    'shadow_percent',
    'shadow_per_second',
    'shadow_timeout',
    'shadow_rows',
    'shadow_keeps_text',
    'shadow_sample',
  ],
  Watch: [
    'watch_window',
    'alert_after',
    'min_shadow_overlap',
    'max_shadow_errors',
    'known_items',
    'min_known_items',
    'max_outdated_seconds',
  ],
};

const OTHER = 'Other';
const VALUE_COLUMNS = 26;
const MEANING_COLUMNS = 72;
// Lines and padding of a table of three columns.
const FRAME_COLUMNS = 4;

/** Formats settings in their groups; a value that differs from its default is followed by the default. */
export function settingsText(settings: readonly ShownSetting[], columns = columnsOf(process.stderr)): string {
  const nameColumns = Math.max(...settings.map(({ name }) => name.length), 'setting'.length) + 2;
  return columns < nameColumns + VALUE_COLUMNS + MEANING_COLUMNS + FRAME_COLUMNS
    ? grouped(settings).map(groupBlock).join('\n\n')
    : settingsTable(settings, nameColumns);
}

function grouped(settings: readonly ShownSetting[]): [group: string, settings: ShownSetting[]][] {
  const groupOf = ({ name }: ShownSetting) => Object.keys(SETTING_GROUPS).find((group) => SETTING_GROUPS[group]?.includes(name)) ?? OTHER;
  const groups = Map.groupBy(settings, groupOf);
  return [...Object.keys(SETTING_GROUPS), OTHER].flatMap((group) => {
    const members = groups.get(group);
    return members ? [[group, members] satisfies [string, ShownSetting[]]] : [];
  });
}

function settingsTable(settings: readonly ShownSetting[], nameColumns: number): string {
  const table = new Table({
    head: ['setting', 'value', 'meaning'],
    // A setting's name is meant to be copied, so it is never cut. A model's name may be longer than any column.
    colWidths: [nameColumns, VALUE_COLUMNS, MEANING_COLUMNS],
    wordWrap: true,
    style: { head: [], border: [] },
    chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
  });
  const groups = grouped(settings);
  for (const [group, members] of groups) {
    if (settings.length > 1) table.push([{ colSpan: 3, content: paint('strong', group, process.stderr) }]);
    for (const one of members) table.push([one.name, valueText(one), one.meaning]);
  }
  // Beside a cell over all columns cli-table3 draws lines of nothing but joints, where it should draw none.
  return table
    .toString()
    .split('\n')
    .filter((line) => !/^[┬┴]+$/.test(line))
    .join('\n');
}

/** The settings of a group where the terminal has no room for the table. */
function groupBlock([group, members]: [string, ShownSetting[]]): string {
  const settings = members.flatMap((one) => [`  ${one.name} = ${valueText(one)}`, `    ${one.meaning}`]);
  return [paint('strong', group, process.stderr), ...settings].join('\n');
}

function valueText({ value, default: usual }: ShownSetting): string {
  if (usual === undefined || JSON.stringify(value) === JSON.stringify(usual)) return written(value);
  return `${paint('strong', written(value), process.stderr)} (default: ${written(usual)})`;
}

function written(value: unknown): string {
  return value === null ? 'none' : String(value);
}
