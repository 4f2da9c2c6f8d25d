import { Command } from 'commander';
import { readConfig } from '../config.ts';
import { type Database, inTransaction, openDatabase } from '../database/connection.ts';
import { withLockRetries } from '../database/lock-retries.ts';
import { eraseCache, readCacheSize } from '../embedding/cache/erase-cache.ts';
import { CACHE_DIRECTORY } from '../embedding/cache/vector-file.ts';
import { ReembedError, UsageError } from '../errors.ts';
import { counted, formatBytes } from '../wording.ts';
import { say } from './print.ts';

/** Thrown when there is nothing to purge. */
export class NothingToPurge extends ReembedError {
  constructor() {
    super(
      'nothing_to_purge',
      'there is no archive of old vectors, and no cached vector',
      'contract creates an archive: npm run migrate up',
    );
  }
}

interface PurgeOptions {
  cachedVectors?: boolean;
  yes?: boolean;
}

/** `reembed purge`: drops the archive of the old vectors and the cache of paid vectors. It is the only step that cannot be undone. */
export function purgeCommand(): Command {
  return new Command('purge')
    .description('drop the archive of the old vectors and the vectors that compare cached; the only step that cannot be undone')
    .argument('[campaign]', 'campaign whose archive is dropped; required if there are several')
    .option('--cached-vectors', 'erase only the cached vectors')
    .option('--yes', 'confirm the deletion')
    .action(async (campaign: string | undefined, options: PurgeOptions) => {
      const database = await openDatabase(readConfig());
      try {
        await purge(database, campaign, options);
      } finally {
        await database.close();
      }
    });
}

async function purge(database: Database, campaign: string | undefined, options: PurgeOptions): Promise<void> {
  const cached = await readCacheSize(database.pool, CACHE_DIRECTORY);
  const archives = options.cachedVectors ? [] : await readArchives(database, campaign);
  const [first] = archives;
  if (!first && cached === 0) throw new NothingToPurge();
  if (archives.length > 1)
    throw new UsageError(`${archives.length} campaigns have an archive`, `name one: ${archives.map(({ name }) => name).join(', ')}`);
  const vectors = counted(cached, 'cached vector');
  if (!options.yes && !first)
    throw new UsageError(`${vectors} would be erased`, `npm run purge --${options.cachedVectors ? ' --cached-vectors' : ''} --yes`);
  if (!options.yes && first)
    throw new UsageError(
      `reembed.${first.archive} (${formatBytes(first.bytes)}) would be dropped; after that, contract cannot be reverted`,
      `npm run purge -- ${first.name} --yes`,
    );
  if (first) {
    await withLockRetries(
      () => inTransaction(database.pool, (client) => client.query('SELECT reembed.purge($1)', [first.name])),
      'purge',
      say,
    );
    say(`dropped reembed.${first.archive} (${formatBytes(first.bytes)})`);
  }
  if (cached === 0) return;
  await eraseCache(database.pool, CACHE_DIRECTORY);
  say(`erased ${vectors}`);
}

async function readArchives({ pool }: Database, campaign: string | undefined) {
  const { rows: installed } = await pool.query<{ yes: boolean }>("SELECT to_regclass('reembed.campaign') IS NOT NULL AS yes");
  if (!installed[0]?.yes) return [];
  const { rows } = await pool.query<{ name: string; archive: string; bytes: number }>(
    `SELECT name, archive, pg_total_relation_size(format('reembed.%I', archive)::regclass)::double precision AS bytes
       FROM reembed.campaign WHERE archive IS NOT NULL AND ($1::text IS NULL OR name = $1) ORDER BY name`,
    [campaign ?? null],
  );
  return rows;
}
