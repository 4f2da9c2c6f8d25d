import { Command, Option } from 'commander';
import { readConfig } from '../config.ts';
import { type Database, inOwnTransactions, openDirectDatabase } from '../database/connection.ts';
import { asOnlyRunner } from '../database/runner-lock.ts';
import { readDiscarded, WouldDiscard } from '../phases/discard.ts';
import { indexSettings } from '../phases/index-build.ts';
import { filesToRevert, retreat } from '../phases/retreat.ts';
import { scriptOf } from '../phases/script.ts';
import { wholeNumber } from './parse-option.ts';
import { printJson, printSql, say } from './print.ts';
import { createBuildDisplay } from './show-index-build.ts';

interface DownOptions {
  all?: boolean;
  acceptMissing?: boolean;
  discardVectors?: boolean;
  dryRun?: boolean;
  json?: boolean;
}

/** `reembed migrate down [n]`: reverts the last migration, or the last n. */
export function migrateDownCommand(): Command {
  return new Command('down')
    .description('run the down of the last migration, or of the last n')
    .argument('[n]', 'migrations to revert', wholeNumber, 1)
    .option('--all', 'run every down, also that of the tables of the toolkit')
    .option('--accept-missing', 'switch back although some rows have no vector of the old model, or nobody can call it any more')
    .option('--discard-vectors', 'confirm that paid vectors, or a live view that is read, are discarded')
    .addOption(new Option('--dry-run', 'print the SQL as a psql script on stdout, and change nothing').conflicts('json'))
    .option('--json', 'print what was done as JSON on stdout')
    .action((count: number, options: DownOptions) => down(count, options));
}

async function down(count: number, options: DownOptions): Promise<void> {
  const config = readConfig();
  const database = await openDirectDatabase(config);
  const wanted = { directory: config.migrationsDirectory, count: options.all ? Number.POSITIVE_INFINITY : count };
  try {
    if (options.dryRun) {
      printSql(await scriptOf(database.pool, await filesToRevert(database, wanted), 'down'));
      return;
    }
    const done = await asOnlyRunner(database, async () => {
      if (!options.discardVectors) await refuseDiscarding(database, wanted);
      return retreat(database, {
        ...wanted,
        acceptMissing: options.acceptMissing ?? false,
        notice: say,
        index: { settings: indexSettings(config), display: createBuildDisplay },
      });
    });
    if (options.json) printJson({ ran: done.ran.map(({ name }) => name), durations_ms: done.durations });
  } finally {
    await database.close();
  }
}

/** @throws WouldDiscard before the first file is reverted */
async function refuseDiscarding(database: Database, wanted: { directory: string; count: number }): Promise<void> {
  const losses = await readDiscarded(inOwnTransactions(database.pool), await filesToRevert(database, wanted));
  if (losses.length > 0) throw new WouldDiscard(losses, Number.isFinite(wanted.count) ? `${wanted.count} --` : '-- --all');
}
