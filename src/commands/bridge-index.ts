import { Command, Option } from 'commander';
import { buildEarlyIndex } from '../bridge/early-index.ts';
import { readConfig } from '../config.ts';
import { inOwnTransactions, openDirectDatabase } from '../database/connection.ts';
import { asOnlyRunner } from '../database/runner-lock.ts';
import { indexSettings } from '../phases/index-build.ts';
import { loadCampaign } from '../validation/campaign.ts';
import { say } from './print.ts';
import { createBuildDisplay } from './show-index-build.ts';

/** `reembed bridge index`: builds the index on the new vectors while the backfill runs. */
export function bridgeIndexCommand(): Command {
  return new Command('index')
    .description('build the index on the new vectors in a side table now, so that searches over the bridge use it; phase index keeps it')
    .option('--target <name>', 'table or table.column; required if there are several')
    .addOption(new Option('--campaign <name>', 'campaign, instead of --target').conflicts('target'))
    .action(async (options: { target?: string; campaign?: string }) => {
      const config = readConfig();
      const database = await openDirectDatabase(config);
      try {
        const { name } = await loadCampaign(inOwnTransactions(database.pool), options);
        await asOnlyRunner(database, () =>
          buildEarlyIndex(database, name, {
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
