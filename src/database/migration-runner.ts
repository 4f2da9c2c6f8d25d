import { dirname, join } from 'node:path';
import { runner } from 'node-pg-migrate';
import type pg from 'pg';
import { messageOf, ReembedError } from '../errors.ts';
import type { Database, Queryable } from './connection.ts';
import { translateDatabaseError } from './database-error.ts';
import { withLockRetries } from './lock-retries.ts';
import { loadActions } from './migration-actions.ts';
import {
  campaignOf,
  listMigrationFiles,
  type MigrationFile,
  MigrationFileEdited,
  MigrationFileMissing,
  MigrationFileUnverified,
} from './migration-file.ts';
import { noteMigration, requireRunnerLock } from './runner-lock.ts';
import { withFileLock } from './runner-session.ts';
import { passNotices, setSettings, withSession } from './session.ts';

const DIGEST_SETTING = 'reembed.file_sha256';

/** Creates the record of the migrations. */
export const RECORD_TABLE = `CREATE SCHEMA IF NOT EXISTS reembed;
CREATE TABLE IF NOT EXISTS reembed.schema_migration (id serial PRIMARY KEY, name varchar(255) NOT NULL, run_on timestamp NOT NULL);
ALTER TABLE reembed.schema_migration ADD COLUMN IF NOT EXISTS sha256 text, ADD COLUMN IF NOT EXISTS forgotten_at timestamptz;
`;

/** Called with each message of the runner for the user. */
export type Notice = (line: string) => void;

/** Thrown when a migration of a campaign cannot run on the table in its present state. */
export class MigrationFailed extends ReembedError {
  constructor(name: string, cause: unknown) {
    super(
      'migration_failed',
      `${name} failed: ${messageOf(cause)}`,
      'the table changed after the files were written, or the files were edited: fix the cause, then run the command again',
      {
        cause,
      },
    );
  }
}

/** Applied and pending files, in order. */
export interface MigrationState {
  applied: MigrationFile[];
  pending: MigrationFile[];
}

/**
 * Compares the files with the record of migrations. Files of a campaign that was forgotten or released are neither applied nor pending, and
 * may be missing.
 *
 * @throws MigrationFileEdited, MigrationFileUnverified, MigrationFileMissing
 */
export async function readMigrationState(db: Queryable, directory: string): Promise<MigrationState> {
  const files = listMigrationFiles(directory);
  const { rows } = await db.query<{ recorded: boolean; columns: string[] }>(
    `SELECT to_regclass('reembed.schema_migration') IS NOT NULL AS recorded,
            ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = to_regclass('reembed.schema_migration') AND attnum > 0 AND NOT attisdropped) AS columns`,
  );
  if (!rows[0]?.recorded) return { applied: [], pending: files };
  const { columns } = rows[0];
  const present = (column: string) => (columns.includes(column) ? column : `NULL AS ${column}`);
  const ran = await db.query<{ name: string; sha256: string | null; forgotten_at: Date | null }>(
    `SELECT name, ${present('sha256')}, ${present('forgotten_at')} FROM reembed.schema_migration ORDER BY run_on, id`,
  );
  const forgotten = new Set(ran.rows.flatMap(({ name, forgotten_at }) => (forgotten_at ? [campaignOf(name)] : [])));
  const byName = new Map(files.map((file) => [file.name, file]));
  const recorded = ran.rows.filter(({ forgotten_at }) => !forgotten_at);
  const applied = recorded.map(({ name, sha256 }) => {
    const file = byName.get(name);
    if (!file) throw new MigrationFileMissing(name, directory);
    if (!sha256) throw new MigrationFileUnverified(file);
    if (sha256 !== file.sha256) throw new MigrationFileEdited(name);
    return file;
  });
  const names = new Set(recorded.map(({ name }) => name));
  return { applied, pending: files.filter(({ name, campaign }) => !names.has(name) && !(campaign && forgotten.has(campaign))) };
}

/** Options of the session in which a file runs. */
export interface FileSession {
  /** additional settings, by name */
  settings?: Record<string, string>;
  /** forward messages of RAISE NOTICE to the user */
  showsNotices?: boolean;
}

/**
 * Runs one file in one direction through node-pg-migrate: in one transaction, unless the file says otherwise. A lock that is not granted
 * rolls the file back. It is retried after a random pause, a bounded number of times.
 *
 * @throws LockNotAvailable after the last attempt; MigrationFailed; RunnerOvertaken and RunnerBusy before the file starts
 */
export async function runMigrationFile(
  database: Database,
  file: MigrationFile,
  direction: 'up' | 'down',
  notice: Notice,
  session: FileSession = {},
): Promise<void> {
  await withLockRetries(() => runOnce(database, file, direction, notice, session), file.name, notice).catch((error: unknown) => {
    const known = translateDatabaseError(error, database.url);
    throw known instanceof ReembedError || !file.campaign ? known : new MigrationFailed(file.name, error);
  });
}

async function runOnce(
  database: Database,
  file: MigrationFile,
  direction: 'up' | 'down',
  notice: Notice,
  { settings = {}, showsNotices = false }: FileSession,
): Promise<void> {
  await withSession(database.url, 'pg-reembed migrate', async (client) => {
    await setSettings(client, { ...settings, [DIGEST_SETTING]: file.sha256 });
    if (showsNotices) passNotices(client, notice);
    await withFileLock(client, async () => {
      await requireRunnerLock(database, notice);
      if (direction === 'up') await prepareRecord(client);
      await runner({
        dbClient: client,
        dir: [file.path.replace(/[[\]*?{}()!]/g, '\\$&')],
        useGlob: true,
        file: file.name,
        ...(file.group === undefined ? {} : { migrationLoaderStrategies: [{ extensions: ['.js'], loader: () => loadSection(file) }] }),
        direction,
        count: 1,
        checkOrder: false,
        singleTransaction: true,
        noLock: true,
        migrationsSchema: 'reembed',
        createMigrationsSchema: true,
        migrationsTable: 'schema_migration',
        logger: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
      });
      noteMigration(database, file.name, direction);
    });
  });
}

/** The section of a campaign, under the name by which it is recorded. */
async function loadSection(file: MigrationFile) {
  return [{ id: join(dirname(file.path), `${file.name}.js`), filePaths: [file.path], actions: await loadActions(file) }];
}

/**
 * Makes the digest of the file the default of its column. node-pg-migrate inserts the row of a file itself, in the file's transaction if
 * there is one, so the row is never committed without the digest.
 */
async function prepareRecord(client: pg.Client): Promise<void> {
  const { rowCount } = await client.query(
    `SELECT FROM pg_attribute WHERE attrelid = to_regclass('reembed.schema_migration') AND attname = 'sha256' AND atthasdef`,
  );
  if (rowCount) return;
  await client.query(`
    BEGIN;
    SET LOCAL lock_timeout = '500ms';
    ${RECORD_TABLE}
    ALTER TABLE reembed.schema_migration ALTER COLUMN sha256 SET DEFAULT nullif(current_setting('${DIGEST_SETTING}', true), '');
    COMMIT`);
}

/** Drops schema reembed when only the empty record of migrations is left in it. */
export async function dropEmptySchema(db: Queryable): Promise<void> {
  await db.query('DROP TABLE IF EXISTS reembed.schema_migration; DROP SCHEMA IF EXISTS reembed');
}
