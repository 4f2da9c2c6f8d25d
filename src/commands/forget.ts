import { Command, Option } from 'commander';
import pg from 'pg';
import { readConfig } from '../config.ts';
import { inOwnTransactions, inTransaction, openDirectDatabase } from '../database/connection.ts';
import { withLockRetries } from '../database/lock-retries.ts';
import { asOnlyRunner } from '../database/runner-lock.ts';
import { type Forgotten, losses, readForgotten, WouldForget } from '../phases/forget.ts';
import { leftColumnsText, readLeftColumns } from '../phases/left-columns.ts';
import { oneLine } from '../plan/plan.ts';
import { printJson, printSql, say } from './print.ts';

interface ForgetOptions {
  target?: string;
  yes?: boolean;
  dryRun?: boolean;
  json?: boolean;
}

/** `reembed forget`: gives up a target in any phase, also one whose table has been dropped. */
export function forgetCommand(): Command {
  return new Command('forget')
    .description('give up a target in any phase and remove everything of pg-reembed, also when its table is gone')
    .option('--target <name>', 'table or table.column; required if there are several')
    .option('--yes', 'confirm that paid vectors, an archive, or a live view that is read are lost')
    .addOption(new Option('--dry-run', 'print the SQL with what it would remove on stdout, and change nothing').conflicts('json'))
    .option('--json', 'print what was removed as JSON on stdout')
    .action((options: ForgetOptions) => forget(options));
}

async function forget(options: ForgetOptions): Promise<void> {
  const database = await openDirectDatabase(readConfig());
  try {
    if (options.dryRun) {
      printSql(scriptOf(await readForgotten(inOwnTransactions(database.pool), options.target)));
      return;
    }
    const forgotten = await asOnlyRunner(database, async () => {
      const found = await readForgotten(inOwnTransactions(database.pool), options.target);
      if (losses(found).length > 0 && !options.yes) throw new WouldForget(found);
      const left = await readLeftColumns(database.pool, found.target);
      await withLockRetries(
        () => inTransaction(database.pool, (client) => client.query('SELECT reembed.forget($1, true)', [found.target])),
        'forget',
        say,
      );
      return { ...found, left };
    });
    if (options.json) printJson(forgotten);
    say(
      `${forgotten.target} is forgotten: triggers, views, functions and vectors of pg-reembed are gone.${leftColumnsText(forgotten.left)} Its migration files are ignored from now on; delete them.`,
    );
  } finally {
    await database.close();
  }
}

function scriptOf(found: Forgotten): string {
  const lines = [
    ...found.removed.map((object) => `-- removes ${oneLine(object)}`),
    ...losses(found).map((loss) => `-- loses ${oneLine(loss)}`),
    `SELECT reembed.forget(${pg.escapeLiteral(found.target)}, true);`,
  ];
  return `${lines.join('\n')}\n`;
}
