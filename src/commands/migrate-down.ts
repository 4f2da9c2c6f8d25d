import { Command } from 'commander';
import { readConfig } from '../config.ts';
import { openDirectDatabase } from '../database/connection.ts';
import { asOnlyRunner } from '../database/runner-lock.ts';
import { indexSettings } from '../phases/index-build.ts';
import { retreat } from '../phases/retreat.ts';
import { wholeNumber } from './parse-option.ts';
import { printJson, say } from './print.ts';
import { createBuildDisplay } from './show-index-build.ts';

interface DownOptions {
  all?: boolean;
  acceptMissing?: boolean;
  json?: boolean;
}

/** `reembed migrate down [n]`: reverts the last migration, or the last n. */
export function migrateDownCommand(): Command {
  return new Command('down')
    .description('run the down of the last migration, or of the last n')
    .argument('[n]', 'migrations to take down', wholeNumber, 1)
    .option('--all', 'run every down, also that of the tables of the toolkit')
    .option('--accept-missing', 'switch back although some rows have no vector of the old model')
    .option('--json', 'print what was done as JSON on stdout')
    .action((count: number, options: DownOptions) => down(count, options));
}

async function down(count: number, options: DownOptions): Promise<void> {
  const config = readConfig();
  const database = await openDirectDatabase(config);
  try {
    const done = await asOnlyRunner(database, () =>
      retreat(database, {
        directory: config.migrationsDirectory,
        count: options.all ? Number.POSITIVE_INFINITY : count,
        acceptMissing: options.acceptMissing ?? false,
        notice: say,
        index: { settings: indexSettings(config), display: createBuildDisplay },
      }),
    );
    if (options.json) printJson({ ran: done.ran.map(({ name }) => name), durations_ms: done.durations });
  } finally {
    await database.close();
  }
}
