import { Command } from 'commander';
import { readConfig } from '../config.ts';
import { inTransaction, openDatabase } from '../database/connection.ts';
import { withLockRetries } from '../database/lock-retries.ts';
import { ReembedError, UsageError } from '../errors.ts';
import { say } from './print.ts';

/** Thrown when there is no archive to purge. */
export class NothingToPurge extends ReembedError {
  constructor() {
    super('nothing_to_purge', 'there is no archive of old vectors', 'contract creates an archive: npm run migrate up');
  }
}

/** `reembed purge`: drops the archive of the old vectors. It is the only step that cannot be undone. */
export function purgeCommand(): Command {
  return new Command('purge')
    .description('drop the archive of the old vectors; the only step that cannot be undone')
    .argument('[campaign]', 'campaign whose archive is dropped; required if there are several')
    .option('--yes', 'confirm the deletion')
    .action(async (campaign: string | undefined, options: { yes?: boolean }) => {
      const database = await openDatabase(readConfig());
      try {
        const { rows } = await database.pool.query<{ name: string; archive: string; size: string }>(
          `SELECT name, archive, pg_size_pretty(pg_total_relation_size(format('reembed.%I', archive)::regclass)) AS size
             FROM reembed.campaign WHERE archive IS NOT NULL AND ($1::text IS NULL OR name = $1) ORDER BY name`,
          [campaign ?? null],
        );
        const [first, ...others] = rows;
        if (!first) throw new NothingToPurge();
        if (others.length > 0)
          throw new UsageError(`${rows.length} campaigns have an archive`, `name one: ${rows.map(({ name }) => name).join(', ')}`);
        if (!options.yes)
          throw new UsageError(
            `reembed.${first.archive} (${first.size}) would be dropped; after that, contract cannot be taken down`,
            `npm run purge -- ${first.name} --yes`,
          );
        await withLockRetries(
          () => inTransaction(database.pool, (client) => client.query('SELECT reembed.purge($1)', [first.name])),
          'purge',
          say,
        );
        say(`dropped reembed.${first.archive} (${first.size})`);
      } finally {
        await database.close();
      }
    });
}
