import { Command } from 'commander';
import { readConfig } from '../config.ts';
import { inOwnTransactions, openDatabase } from '../database/connection.ts';
import { withLockRetries } from '../database/lock-retries.ts';
import { counted } from '../wording.ts';
import { say } from './print.ts';

/** `reembed retry`: queues the rows in failed_row for the workers again. */
export function retryCommand(): Command {
  return new Command('retry')
    .description('return failed rows to the workers')
    .option('--target <name>', 'table or table.column; required if there are several')
    .action(async (options: { target?: string }) => {
      const database = await openDatabase(readConfig());
      try {
        const db = inOwnTransactions(database.pool);
        const retry = () => db.query<{ rows: string }>('SELECT reembed.retry_failed($1) AS rows', [options.target ?? null]);
        const { rows } = await withLockRetries(retry, 'retry', say);
        const count = Number(rows[0]?.rows ?? 0);
        say(count === 0 ? 'there are no failed rows' : `${counted(count, 'row waits', 'rows wait')} for a worker again: npm run worker`);
      } finally {
        await database.close();
      }
    });
}
