import type { Queryable } from '../database/connection.ts';
import type { PhaseName } from '../database/migration-file.ts';
import { counted, formatNumber, formatSeconds, formatUsd } from '../wording.ts';
import { createPace, type Pace } from './pace.ts';
import { createDisplay } from './progress-display.ts';

/** A row of reembed.progress with the same column names. Counts are numbers, the ETA is in seconds. */
export interface ProgressRow {
  target: string;
  campaign: string;
  phase: PhaseName;
  from_model: string;
  to_model: string;
  read_model: string;
  total: number;
  done: number;
  /** rows done whose vector is stored; the others are answered */
  stored: number;
  percent: number | null;
  outdated: number;
  failed: number;
  rows_per_second: number | null;
  eta_seconds: number | null;
  tokens: number;
  tokens_expected: number | null;
  cost_usd: number | null;
  cost_usd_expected: number | null;
  live_rows: number;
  throttled_by: string | null;
  workers: number;
  phase_entered_at: Date;
  switched_at: Date | null;
  rows_at_batch_api: number;
  /** rows of the table when the ledger was planned, and how many of them had a text */
  table_rows: number | null;
  rows_with_text: number | null;
  max_tokens: number | null;
  max_usd: number | null;
  spent_tokens: number | null;
  spent_usd: number | null;
}

/** Shows the progress of campaigns. */
export interface ProgressBar {
  update(rows: readonly ProgressRow[]): void;
  /** prints a message without breaking the bar */
  say(line: string): void;
  /** shows the last state and releases the terminal */
  stop(): void;
}

/**
 * Reads reembed.progress, oldest campaign first.
 *
 * @param target full name of a target; undefined for all targets
 */
export async function readProgress(db: Queryable, target?: string): Promise<ProgressRow[]> {
  const { rows } = await db.query<ProgressRow>(
    `SELECT target, campaign, phase, from_model, to_model, read_model,
            total::double precision AS total, done::double precision AS done, stored::double precision AS stored, percent::double precision AS percent,
            outdated::double precision AS outdated, failed::double precision AS failed,
            rows_per_second::double precision AS rows_per_second, extract(epoch FROM eta)::double precision AS eta_seconds,
            tokens::double precision AS tokens, tokens_expected::double precision AS tokens_expected,
            cost_usd::double precision AS cost_usd, cost_usd_expected::double precision AS cost_usd_expected,
            live_rows::double precision AS live_rows, throttled_by, workers::integer AS workers, phase_entered_at, switched_at,
            rows_at_batch_api::double precision AS rows_at_batch_api,
            table_rows::double precision AS table_rows, rows_with_text::double precision AS rows_with_text,
            max_tokens::double precision AS max_tokens, max_usd::double precision AS max_usd,
            spent_tokens::double precision AS spent_tokens, spent_usd::double precision AS spent_usd
       FROM reembed.progress WHERE $1::text IS NULL OR target = $1`,
    [target ?? null],
  );
  return rows;
}

/** Returns the newest campaign of each target, which is the one that workers process. */
export function currentCampaigns<Row extends Pick<ProgressRow, 'target'>>(rows: readonly Row[]): Row[] {
  return [...new Map(rows.map((row) => [row.target, row])).values()];
}

/** Shows one bar per campaign on a terminal. Elsewhere it writes a plain line at most once a minute, and one at the end. */
export function createProgressBar(stream: NodeJS.WritableStream = process.stderr, pace: Pace = createPace()): ProgressBar {
  const display = createDisplay(stream);
  return {
    ...display,
    update: (rows) =>
      display.update(
        currentCampaigns(rows)
          .filter(hasWork)
          .map((row) => pace.measure(row))
          .map((row) => ({
            name: row.target,
            done: row.done,
            total: row.total,
            text: progressLine(row),
            short: rowParts(row).join(', '),
            detail: detailParts(row).join(', '),
            trouble: row.throttled_by ?? '',
          })),
      ),
  };
}

/** Formats how many changed rows wait for a vector. */
export function waitingText({ outdated }: Pick<ProgressRow, 'outdated'>): string {
  return counted(outdated, 'changed row waits', 'changed rows wait');
}

/** Formats the progress of a campaign in one line. */
export function progressLine(row: ProgressRow): string {
  return [...rowParts(row), ...detailParts(row), row.throttled_by ?? ''].filter(Boolean).join(', ');
}

/** What matters most, for a narrow terminal cuts off what follows. */
function rowParts(row: ProgressRow): string[] {
  const parts = [
    `${formatNumber(row.done)}/${counted(row.total, 'row')}`,
    row.percent === null ? '' : `${row.percent.toFixed(1)} %`,
    row.rows_per_second === null ? '' : `${formatNumber(row.rows_per_second)} rows/s`,
    row.eta_seconds === null ? '' : `ETA ${formatSeconds(row.eta_seconds)}`,
  ];
  return parts.filter(Boolean);
}

function detailParts(row: ProgressRow): string[] {
  const parts = [
    row.stored < row.done ? `${formatNumber(row.stored)} stored` : '',
    row.rows_at_batch_api > 0 ? `${formatNumber(row.rows_at_batch_api)} at the batch API` : '',
    row.outdated > 0 ? waitingText(row) : '',
    row.failed > 0 ? `${formatNumber(row.failed)} failed` : '',
    counted(row.tokens, 'token'),
    row.cost_usd === null ? '' : formatUsd(row.cost_usd),
    capText(row),
  ];
  return parts.filter(Boolean);
}

/** Formats the spend cap of a campaign and what counts against it; empty without a cap. */
export function capText(row: Pick<ProgressRow, 'max_tokens' | 'max_usd' | 'spent_tokens' | 'spent_usd'>): string {
  const caps = [
    row.max_tokens === null ? '' : `${formatNumber(row.spent_tokens ?? 0)} of ${formatNumber(row.max_tokens)} tokens`,
    row.max_usd === null ? '' : `${formatUsd(row.spent_usd ?? 0)} of ${formatUsd(row.max_usd)}`,
  ].filter(Boolean);
  return caps.length === 0 ? '' : `spend cap: ${caps.join(', ')}`;
}

/** Whether a campaign has any progress to show. */
function hasWork(row: ProgressRow): boolean {
  return row.total > 0 || row.outdated > 0;
}
