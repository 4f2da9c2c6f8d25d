import { PG_MIGRATE_LOCK_ID } from 'node-pg-migrate';
import { ReembedError } from '../errors.ts';
import type { Database, Queryable } from './connection.ts';
import { takeLock } from './embedded/lock.ts';
import { examineRoad, SessionNeeded, withClient } from './session.ts';

const LOCK = String(PG_MIGRATE_LOCK_ID);

/** Another migrate up or down is at work in this database. */
export class RunnerBusy extends ReembedError {
  constructor(who: string) {
    super('runner_busy', `another migration is already running${who}`, 'wait until it ends; nothing was changed');
  }
}

/**
 * Runs `work` as the only migration runner of the database. The lock ends with the process, however it ends.
 *
 * @throws RunnerBusy at once when there is another; SessionNeeded behind a pooler in transaction mode
 */
export async function asOnlyRunner<T>(database: Database, work: () => Promise<T>): Promise<T> {
  return database.embedded ? withFolderLock(database, work) : withAdvisoryLock(database, work);
}

async function withAdvisoryLock<T>(database: Database, work: () => Promise<T>): Promise<T> {
  return withClient(database.url, 'pg-reembed runner', async (client) => {
    const { road, pid } = await examineRoad(client, database.url);
    if (road === 'transaction pooler') throw new SessionNeeded();
    // A pooler that the examination did not show up must not be left with a lock that nobody can find again.
    const { rows } = await client.query<{ locked: boolean | null }>(
      'SELECT CASE WHEN pg_backend_pid() = $2 THEN pg_try_advisory_lock($1) END AS locked',
      [LOCK, pid],
    );
    if (rows[0]?.locked === null) throw new SessionNeeded();
    if (!rows[0]?.locked) throw new RunnerBusy(await holderOfLock(client));
    try {
      return await work();
    } finally {
      // A pool in session mode may hand the session on as it is.
      await client.query('SELECT pg_advisory_unlock($1)', [LOCK]).catch(() => {});
    }
  });
}

async function holderOfLock(db: Queryable): Promise<string> {
  const { rows } = await db.query<{ pid: number }>(
    "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND (classid::bigint << 32) + objid::bigint = $1",
    [LOCK],
  );
  return rows[0] ? ` (server process ${rows[0].pid})` : '';
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
