import { PG_MIGRATE_LOCK_ID } from 'node-pg-migrate';
import pg from 'pg';
import { ReembedError } from '../errors.ts';
import type { Database } from './connection.ts';
import { takeLock } from './embedded/lock.ts';

/** Another migrate up or down is at work in this database. */
export class RunnerBusy extends ReembedError {
  constructor(who: string) {
    super('runner_busy', `another migration is already running${who}`, 'wait until it ends; nothing was changed');
  }
}

/**
 * Runs `work` as the only migration runner of the database. The lock ends with the process, however it ends.
 *
 * @throws RunnerBusy at once when there is another
 */
export async function asOnlyRunner<T>(database: Database, work: () => Promise<T>): Promise<T> {
  return database.embedded ? withFolderLock(database, work) : withAdvisoryLock(database, work);
}

async function withAdvisoryLock<T>(database: Database, work: () => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: database.url, application_name: 'pg-reembed runner' });
  client.on('error', () => {});
  await client.connect();
  try {
    const { rows } = await client.query<{ locked: boolean }>('SELECT pg_try_advisory_lock($1) AS locked', [String(PG_MIGRATE_LOCK_ID)]);
    if (!rows[0]?.locked) {
      const holder = await client.query<{ pid: number }>(
        "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND (classid::bigint << 32) + objid::bigint = $1",
        [String(PG_MIGRATE_LOCK_ID)],
      );
      throw new RunnerBusy(holder.rows[0] ? ` (server process ${holder.rows[0].pid})` : '');
    }
    return await work();
  } finally {
    await client.end().catch(() => {});
  }
}

/** The embedded database has one session for everybody, in which an advisory lock would lock nobody out. */
async function withFolderLock<T>(database: Database, work: () => Promise<T>): Promise<T> {
  const lock = takeLock(database.directory, 'runner');
  if (!('release' in lock)) throw new RunnerBusy(` (process ${lock.pid})`);
  try {
    return await work();
  } finally {
    lock.release();
  }
}
