import { Command } from 'commander';
import { buildEarlyIndex } from '../bridge/early-index.ts';
import { readConfig } from '../config.ts';
import { openDirectDatabase } from '../database/connection.ts';
import { asOnlyRunner } from '../database/runner-lock.ts';
import { indexSettings } from '../phases/index-build.ts';
import { say } from './print.ts';
import { createBuildDisplay } from './show-index-build.ts';

/** `reembed bridge index`: builds the index on the new vectors while the backfill runs. */
export function bridgeIndexCommand(): Command {
  return new Command('index')
    .description('build the index on the new vectors in a side table now, so that searches over the bridge use it; phase index keeps it')
    .requiredOption('--campaign <name>', 'campaign')
    .action(async ({ campaign }: { campaign: string }) => {
      const config = readConfig();
      const database = await openDirectDatabase(config);
      try {
        await asOnlyRunner(database, () =>
          buildEarlyIndex(database, campaign, {
            directory: config.migrationsDirectory,
            notice: say,
            settings: indexSettings(config),
            display: createBuildDisplay,
          }),
        );
        say('searches over the bridge now use the index on the new vectors; phase index keeps it');
      } finally {
        await database.close();
      }
    });
}
