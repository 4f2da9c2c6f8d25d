import { Command } from 'commander';
import { readConfig } from '../config.ts';
import { openDatabase } from '../database/connection.ts';
import { UsageError } from '../errors.ts';
import { requirePlots } from '../report/plots/draw-plot.ts';
import { readReport } from '../report/read-report.ts';
import { wholeNumber } from './parse-option.ts';
import { printJson, say } from './print.ts';

interface ReportCommandOptions {
  target?: string;
  campaign?: string;
  out?: string;
  withText?: boolean;
  lowest: number;
  json?: boolean;
}

const HELP = `
  npm run report
  npm run report -- --target documents --out report.html
  npm run report -- --with-text
  npm run report -- --json > report.json

One HTML file that needs no network and no other file, for a browser, light or dark, or a printer. A report that is there
already is replaced, any other file is not. Texts of queries and rows are in it only with --with-text, vectors never.`;

/** `reembed report`: writes a report of a campaign to one file. */
export function reportCommand(): Command {
  return new Command('report')
    .description('write a report of a campaign to one HTML file: verdict, figures, changed queries, audit trail')
    .option('--target <name>', 'table or table.column, for its newest campaign; required if there are several')
    .option('--campaign <name>', 'name of the campaign, for an earlier one')
    .option('--out <file>', 'output file (default: reembed-report-<campaign>.html)')
    .option('--with-text', 'show the texts of the most changed queries and their rows')
    .option('--lowest <n>', 'how many of the most changed queries to show', wholeNumber, 10)
    .option('--json', 'print the data of the report as JSON on stdout, and write no file')
    .addHelpText('after', HELP)
    .action((options: ReportCommandOptions) => report(options));
}

async function report({ target, campaign, out, withText = false, lowest, json }: ReportCommandOptions): Promise<void> {
  if (target !== undefined && campaign !== undefined)
    throw new UsageError('--target and --campaign exclude each other', 'give one of them');
  if (json && out !== undefined) throw new UsageError('--json goes to stdout', 'leave out --out, or redirect: --json > report.json');
  if (!json) requirePlots('a report');
  const database = await openDatabase(readConfig());
  try {
    const data = await readReport(database.pool, { target, campaign, withText, lowest });
    if (json) {
      printJson(data);
      return;
    }
    // Only needed for a page.
    const [{ reportPage }, { reportFileName, writeReport }] = await Promise.all([
      import('../report/page/document.ts'),
      import('../report/write-report.ts'),
    ]);
    const path = out ?? reportFileName(data.campaign.name);
    writeReport(path, await reportPage(data));
    say(path);
  } finally {
    await database.close();
  }
}
