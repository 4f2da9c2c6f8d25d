import { type Database, inOwnTransactions } from '../database/connection.ts';
import { translateDatabaseError } from '../database/database-error.ts';
import { withLockRetries } from '../database/lock-retries.ts';
import type { MigrationFile } from '../database/migration-file.ts';
import { readMigrationState } from '../database/migration-runner.ts';
import { passNotices, setSettings, withSession } from '../database/session.ts';
import { ReembedError } from '../errors.ts';
import { buildOf } from '../phases/3-index.ts';
import { type IndexBuildOptions, runBuild } from '../phases/index-build.ts';
import { recordStatements } from '../phases/recorded-statements.ts';

/** Thrown when the index on the new vectors may not be built during the backfill. */
export class EarlyIndexRefused extends ReembedError {
  constructor({ code, condition, remedy }: { code: string; condition: string; remedy: string }) {
    super(`early_index_${code}`, condition, remedy);
  }
}

/**
 * Builds the index on the new vectors of a campaign while its backfill runs, by the statements of its file for phase index. That phase later
 * finds the index built.
 *
 * @throws EarlyIndexRefused, LockNotAvailable, IndexMemoryTooSmall
 */
export async function buildEarlyIndex(
  database: Database,
  campaign: string,
  { directory, ...options }: IndexBuildOptions & { directory: string },
): Promise<void> {
  const db = inOwnTransactions(database.pool);
  const { rows } = await db.query<{ code: string; condition: string; remedy: string }>('SELECT * FROM reembed.early_index_gate($1)', [
    campaign,
  ]);
  if (rows[0]) throw new EarlyIndexRefused(rows[0]);
  const { pending } = await readMigrationState(db, directory);
  const file = pending.find((one) => one.campaign === campaign && one.phase === 'index');
  if (!file) {
    const condition = `the migration file of phase index of ${campaign} is not in ${directory}`;
    throw new EarlyIndexRefused({ code: 'no_file', condition, remedy: 'run the command where npm run migrate up runs' });
  }
  await runBuild(database, campaign, options, (notice, settings) =>
    withLockRetries(() => runStatements(database, campaign, file, notice, settings), file.name, notice).catch((error: unknown) => {
      throw translateDatabaseError(error, database.url);
    }),
  );
}

async function runStatements(
  database: Database,
  campaign: string,
  file: MigrationFile,
  notice: (line: string) => void,
  settings: Record<string, string>,
): Promise<void> {
  await withSession(database.url, 'pg-reembed bridge', async (client) => {
    await setSettings(client, settings);
    passNotices(client, notice);
    const { statements } = await recordStatements(file, 'up', async (query) => (await client.query(query)).rows);
    const build = buildOf(campaign, statements);
    if (!build) {
      const condition = `${file.path} was changed: it does not begin with the gate and end with the entry into phase index`;
      throw new EarlyIndexRefused({
        code: 'changed_file',
        condition,
        remedy: 'put its first and last statement back, or build the index in phase index',
      });
    }
    for (const statement of build) await client.query(statement);
  });
}
