import Table from 'cli-table3';
import { Command } from 'commander';
import { readConfig } from '../config.ts';
import { inOwnTransactions, openDatabase, type Queryable } from '../database/connection.ts';
import { columnsOf } from '../fit-columns.ts';
import { visibleAll } from '../print-text.ts';
import { checkAllTargets } from '../watch/check-targets.ts';
import { createWorkContext } from '../worker/context.ts';
import { type Meaning, paint } from './paint.ts';
import { printJson, say } from './print.ts';

interface AlertsOptions {
  target?: string;
  all?: boolean;
  check?: boolean;
  json?: boolean;
}

interface AlertRow {
  target: string;
  kind: string;
  severity: string;
  model: string | null;
  message: string;
  details: Record<string, unknown>;
  opened_at: Date;
  closed_at: Date | null;
  closed_because: string | null;
}

const MOST_SHOWN = 100;
const COLUMN_WIDTHS = [18, 28, 18, 60, 26];
// With the lines between the columns.
const TABLE_COLUMNS = COLUMN_WIDTHS.reduce((sum, width) => sum + width + 1, 1);

const HELP = `
Running workers (npm run worker) check every target once a minute. An alert closes automatically when its cause is gone;
by hand: select reembed.close_alert('documents', 'latency', 'why').`;

/** `reembed alerts`: lists the alerts that the watch raised. */
export function alertsCommand(): Command {
  return new Command('alerts')
    .description('show the open alerts of the watch')
    .option('--target <name>', 'table or table.column; required if there are several')
    .option('--all', `also show closed alerts, the newest ${MOST_SHOWN}`)
    .option('--check', 'run the checks first, as workers do every minute; for use without a running worker')
    .option('--json', 'print them as JSON on stdout')
    .addHelpText('after', HELP)
    .action((options: AlertsOptions) => alerts(options));
}

async function alerts(options: AlertsOptions): Promise<void> {
  const config = readConfig();
  const database = await openDatabase(config);
  try {
    if (options.check) await checkAllTargets(createWorkContext(database, config, say));
    const rows = await readAlerts(inOwnTransactions(database.pool), options);
    if (options.json) printJson(rows);
    else say(rows.length > 0 ? alertsText(visibleAll(rows)) : 'no alert is open');
  } finally {
    await database.close();
  }
}

async function readAlerts(db: Queryable, { target, all }: AlertsOptions): Promise<AlertRow[]> {
  const { rows } = await db.query<AlertRow>(
    `SELECT target, kind, severity, model, message, details, opened_at, closed_at, closed_because FROM reembed.alert
      WHERE ($1::text IS NULL OR target = reembed.resolve_target($1)) AND ($2 OR closed_at IS NULL)
      ORDER BY opened_at DESC, id DESC LIMIT $3`,
    [target ?? null, all ?? false, MOST_SHOWN],
  );
  return rows;
}

function alertsText(rows: AlertRow[]): string {
  if (columnsOf(process.stderr) < TABLE_COLUMNS) return rows.map(alertBlock).join('\n\n');
  const table = new Table({
    head: ['opened', 'target', 'alert', 'what', 'closed'],
    colWidths: COLUMN_WIDTHS,
    wordWrap: true,
    style: { head: [], border: [] },
  });
  for (const row of rows) {
    table.push([minuteOf(row.opened_at), row.target, nameText(row), messageText(row), closedText(row)]);
  }
  return table.toString();
}

/** An alert where the terminal has no room for the table. */
function alertBlock(row: AlertRow): string {
  const lines = [
    `${nameText(row)}  ${row.target}`,
    `  opened  ${minuteOf(row.opened_at)} UTC`,
    ...(row.closed_at ? [`  closed  ${closedText(row)}`] : []),
    ...messageText(row)
      .split('\n')
      .map((line) => `  ${line}`),
  ];
  return lines.join('\n');
}

const MEANINGS: Record<string, Meaning> = { critical: 'bad', warning: 'doubtful' };

function nameText({ kind, severity, closed_at }: AlertRow): string {
  const name = `${kind} (${severity})`;
  const meaning = MEANINGS[severity];
  return meaning && closed_at === null ? paint(meaning, name, process.stderr) : name;
}

function messageText({ message, details }: AlertRow): string {
  return details.answer === undefined ? message : `${message}\n${details.answer}`;
}

function closedText({ closed_at, closed_because }: AlertRow): string {
  return closed_at ? `${minuteOf(closed_at)}: ${closed_because}` : '';
}

function minuteOf(date: Date): string {
  return date.toISOString().slice(0, 16).replace('T', ' ');
}
