import { Command } from 'commander';
import { bridgeFitCommand } from './bridge-fit.ts';
import { bridgeIndexCommand } from './bridge-index.ts';
import { bridgeShowCommand } from './bridge-show.ts';

/** `reembed bridge …`: serves the new model from the old vectors while the backfill runs. */
export function bridgeCommand(): Command {
  return new Command('bridge')
    .description('search the old vectors with queries of the new model while the backfill runs')
    .addCommand(bridgeFitCommand())
    .addCommand(bridgeShowCommand())
    .addCommand(bridgeIndexCommand());
}
