import { setTimeout as sleep } from 'node:timers/promises';
import { PG_MIGRATE_LOCK_ID } from 'node-pg-migrate';
import type pg from 'pg';
import { ReembedError } from '../errors.ts';
import type { Queryable } from './connection.ts';
import { connect, examineRoute, SessionNeeded } from './session.ts';

const RUNNER_LOCK = String(PG_MIGRATE_LOCK_ID);
const FILE_LOCK = String(PG_MIGRATE_LOCK_ID + 1);

// Proxies and firewalls cut connections that were silent for a minute or more.
const KEEP_ALIVE_MS = 5000;
const ANSWER_MS = 10_000;
const FILE_LOCK_MS = 10_000;
const POLL_MS = 100;

/** Thrown when another `migrate up` or `migrate down` is running in this database. */
export class RunnerBusy extends ReembedError {
  constructor(who: string) {
    super('runner_busy', `another migration is already running${who}`, 'wait until it ends; nothing was changed');
  }
}

/** A session that only holds the runner lock. */
export interface RunnerSession {
  /** asks the server whether this session still holds the lock */
  isHeld(): Promise<boolean>;
  /** releases the lock and ends the session, as far as they still exist */
  close(): Promise<void>;
}

/**
 * Takes the runner lock in a new session and keeps its connection from idling.
 *
 * @throws RunnerBusy immediately when another runner has it; SessionNeeded behind a pooler in transaction mode
 */
export async function openRunnerSession(url: string): Promise<RunnerSession> {
  const client = await connect(url, 'pg-reembed runner', { query_timeout: ANSWER_MS });
  try {
    const pid = await takeRunnerLock(client, url);
    await setIdleTimeout(client, '0');
    return keepAlive(client, pid);
  } catch (error) {
    await client.end().catch(() => {});
    throw error;
  }
}

async function takeRunnerLock(client: pg.Client, url: string): Promise<number> {
  const { route, pid } = await examineRoute(client, url);
  if (route === 'transaction pooler') throw new SessionNeeded();
  // The lock is taken only if the server process is the same: behind a pooler that examineRoute() did not detect, a lock could be left that
  // no client can find again.
  const { rows } = await client.query<{ locked: boolean | null }>(
    'SELECT CASE WHEN pg_backend_pid() = $2 THEN pg_try_advisory_lock($1) END AS locked',
    [RUNNER_LOCK, pid],
  );
  if (rows[0]?.locked === null) throw new SessionNeeded();
  if (!rows[0]?.locked) throw new RunnerBusy(await holderOf(client, RUNNER_LOCK));
  return pid;
}

function keepAlive(client: pg.Client, pid: number): RunnerSession {
  let turn: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = turn.then(work);
    turn = result.catch(() => {});
    return result;
  };
  const timer = setInterval(() => inTurn(() => client.query('SELECT')).catch(() => {}), KEEP_ALIVE_MS);
  timer.unref();
  let isLost = false;
  return {
    async isHeld() {
      const held = await inTurn(() => isLockHeld(client, pid)).catch(() => false);
      isLost ||= !held;
      return held;
    },
    async close() {
      clearInterval(timer);
      // A pool in session mode may hand the session on unchanged, so the lock and the setting are reset. A lost session may not answer at
      // all.
      if (!isLost) {
        await inTurn(() => client.query('SELECT pg_advisory_unlock($1)', [RUNNER_LOCK])).catch(() => {});
        await inTurn(() => setIdleTimeout(client, null)).catch(() => {});
      }
      await client.end().catch(() => {});
    },
  };
}

/** @param value null: the initial value */
async function setIdleTimeout(client: Queryable, value: '0' | null): Promise<void> {
  // The setting does not exist before PostgreSQL 14.
  await client.query(`SELECT set_config(name, coalesce($1, reset_val), false) FROM pg_settings WHERE name = 'idle_session_timeout'`, [
    value,
  ]);
}

async function isLockHeld(client: Queryable, pid: number): Promise<boolean> {
  const { rows } = await client.query<{ held: boolean }>(
    `SELECT pg_backend_pid() = $2 AND EXISTS (SELECT FROM (${HOLDERS}) AS holder WHERE holder.pid = $2) AS held`,
    [RUNNER_LOCK, pid],
  );
  return rows[0]?.held ?? false;
}

// Advisory locks belong to one database, but pg_locks lists those of all databases.
const HOLDERS = `SELECT pid FROM pg_locks
  WHERE locktype = 'advisory' AND granted AND objsubid = 1 AND (classid::bigint << 32) + objid::bigint = $1
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`;

async function holderOf(db: Queryable, lock: string): Promise<string> {
  const { rows } = await db.query<{ pid: number }>(HOLDERS, [lock]);
  return rows[0] ? ` (server process ${rows[0].pid})` : '';
}

/**
 * Runs `work` while its own session holds a second lock. The runner lock can be lost in the middle of a file, because it is held on another
 * connection. This one cannot, so no other runner starts a file before this one has ended.
 *
 * @param client the session in which the file runs
 * @throws RunnerBusy when another session keeps the lock
 */
export async function withFileLock<T>(client: pg.Client, work: () => Promise<T>): Promise<T> {
  // Polled, because CREATE INDEX CONCURRENTLY in the session that holds the lock would wait for a statement that waits for the lock.
  for (const giveUpAt = Date.now() + FILE_LOCK_MS; ; await sleep(POLL_MS)) {
    const { rows } = await client.query<{ locked: boolean }>('SELECT pg_try_advisory_lock($1) AS locked', [FILE_LOCK]);
    if (rows[0]?.locked) break;
    if (Date.now() > giveUpAt) throw new RunnerBusy(await holderOf(client, FILE_LOCK));
  }
  try {
    return await work();
  } finally {
    await client.query('SELECT pg_advisory_unlock($1)', [FILE_LOCK]).catch(() => {});
  }
}
