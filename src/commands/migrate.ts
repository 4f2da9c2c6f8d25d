import { Command } from 'commander';
import { migrateCreateCommand } from './migrate-create.ts';
import { migrateDownCommand } from './migrate-down.ts';
import { migrateUpCommand } from './migrate-up.ts';

/** `reembed migrate …`: creates, runs and reverts the migration files of a campaign. */
export function migrateCommand(): Command {
  return new Command('migrate')
    .description('create the migrations of a campaign, run them, and revert them')
    .addCommand(migrateCreateCommand())
    .addCommand(migrateUpCommand())
    .addCommand(migrateDownCommand());
}
