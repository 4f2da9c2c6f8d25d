import { Command } from 'commander';
import { readConfig } from '../config.ts';
import { inTransaction, openDirectDatabase } from '../database/connection.ts';
import { withLockRetries } from '../database/lock-retries.ts';
import { asOnlyRunner } from '../database/runner-lock.ts';
import { UsageError } from '../errors.ts';
import { leftColumnsText, readLeftColumns } from '../phases/left-columns.ts';
import { say } from './print.ts';

/** `reembed release`: removes every object of pg-reembed from a table after contract. */
export function releaseCommand(): Command {
  return new Command('release')
    .description('remove the live views and all else of a finished target, after contract and purge')
    .option('--target <name>', 'table or table.column; required if there are several')
    .option('--yes', 'confirm the removal')
    .action((options: { target?: string; yes?: boolean }) => release(options));
}

async function release(options: { target?: string; yes?: boolean }): Promise<void> {
  const database = await openDirectDatabase(readConfig());
  try {
    const { rows } = await database.pool.query<{ name: string; view: string }>(
      `SELECT t.name, format('%I.%I', reembed.view_schema(t.name), t.live_view) AS view
         FROM reembed.target AS t JOIN pg_class AS c ON c.oid = t.relation
        WHERE t.name = reembed.resolve_target($1)`,
      [options.target ?? null],
    );
    const [target] = rows;
    if (!target) throw new UsageError('the table has been dropped', 'npm run forget');
    if (!options.yes) {
      throw new UsageError(
        `${target.view} and the other views of ${target.name} would be dropped: first make sure that no application reads them`,
        `npm run release -- --target ${target.name} --yes`,
      );
    }
    const left = await readLeftColumns(database.pool, target.name);
    await asOnlyRunner(database, () =>
      withLockRetries(
        () => inTransaction(database.pool, (client) => client.query('SELECT reembed.release($1)', [target.name])),
        'release',
        say,
      ),
    );
    say(
      `${target.name} is released: triggers, views and functions of pg-reembed are gone.${leftColumnsText(left)} Its migration files are ignored from now on; delete them.`,
    );
  } finally {
    await database.close();
  }
}
