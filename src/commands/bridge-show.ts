import { Command } from 'commander';
import { BridgeMissing } from '../bridge/bridge-error.ts';
import { readBridge } from '../bridge/stored-bridge.ts';
import { readConfig } from '../config.ts';
import { inOwnTransactions, openDatabase } from '../database/connection.ts';
import { print, printJson } from './print.ts';
import { resolveTarget } from './resolve-target.ts';
import { bridgeText } from './show-bridge.ts';

/** `reembed bridge show`: the figures of the stored map. */
export function bridgeShowCommand(): Command {
  return new Command('show')
    .description('show the figures of the stored map')
    .option('--target <name>', 'table or table.column; required if there are several')
    .option('--json', 'print the figures as JSON on stdout')
    .action(async (options: { target?: string; json?: boolean }) => {
      const database = await openDatabase(readConfig());
      try {
        const db = inOwnTransactions(database.pool);
        const target = await resolveTarget(db, options.target);
        const bridge = await readBridge(db, target);
        if (!bridge) throw new BridgeMissing(target);
        if (options.json) printJson(bridge, 2);
        else print(bridgeText(bridge));
      } finally {
        await database.close();
      }
    });
}
