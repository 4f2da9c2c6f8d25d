import { setTimeout as sleep } from 'node:timers/promises';
import { ReembedError } from '../errors.ts';
import type { Database, Queryable } from './connection.ts';
import { takeLock } from './embedded/lock.ts';
import { openRunnerSession, RunnerBusy, type RunnerSession } from './runner-session.ts';

/** Thrown when this runner lost its lock between two files and another runner has started. */
export class RunnerOvertaken extends ReembedError {
  constructor(reason: string, options?: ErrorOptions) {
    super(
      'runner_overtaken',
      `stopped between two migrations: ${reason}`,
      'what ran is complete, and nothing else was begun; wait until the other migration ends, check npm run status, then run the command again',
      options,
    );
  }
}

interface Runner {
  session: RunnerSession;
  /** names of the recorded migrations, as far as this runner knows */
  names: Set<string>;
}

const runners = new WeakMap<Database, Runner>();

// A server process whose connection was cut takes a moment to release its locks.
const RETAKE_MS = 2000;
const POLL_MS = 100;

/**
 * Runs `work` as the only migration runner of the database. The lock ends with the process, even if it crashes.
 *
 * @throws RunnerBusy immediately when there is another runner; SessionNeeded behind a pooler in transaction mode; RunnerOvertaken
 */
export async function asOnlyRunner<T>(database: Database, work: () => Promise<T>): Promise<T> {
  return database.embedded ? withFolderLock(database, work) : withAdvisoryLock(database, work);
}

async function withAdvisoryLock<T>(database: Database, work: () => Promise<T>): Promise<T> {
  const runner: Runner = { session: await openRunnerSession(database.url), names: new Set() };
  try {
    runner.names = await readNames(database.pool);
    runners.set(database, runner);
    return await work();
  } finally {
    runners.delete(database);
    await runner.session.close();
  }
}

/**
 * Checks before a migration file that this process is still the only runner. A lock lost with its connection is taken again if it is free.
 * Does nothing outside asOnlyRunner().
 *
 * @throws RunnerOvertaken when another runner has the lock, or had it meanwhile
 */
export async function requireRunnerLock(database: Database, notice: (line: string) => void): Promise<void> {
  const runner = runners.get(database);
  if (!runner) return;
  if (!(await runner.session.isHeld())) {
    await runner.session.close();
    runner.session = await retakeLock(database.url);
    notice('the connection that held the lock of this runner was lost; the runner has acquired the lock again');
  }
  // The files to run were chosen from the migrations that had run by then, so those must not have changed.
  const names = await readNames(database.pool);
  if ([...names].sort().join() !== [...runner.names].sort().join())
    throw new RunnerOvertaken('another migration has run since this one began');
}

/** Records that this runner ran a file, so that requireRunnerLock() can tell it from a file that another runner ran. */
export function noteMigration(database: Database, name: string, direction: 'up' | 'down'): void {
  const names = runners.get(database)?.names;
  if (direction === 'up') names?.add(name);
  else names?.delete(name);
}

async function retakeLock(url: string): Promise<RunnerSession> {
  for (const giveUpAt = Date.now() + RETAKE_MS; ; await sleep(POLL_MS)) {
    try {
      return await openRunnerSession(url);
    } catch (error) {
      if (!(error instanceof RunnerBusy)) throw error;
      if (Date.now() > giveUpAt)
        throw new RunnerOvertaken(`the connection that held its lock was lost, and ${error.message}`, { cause: error });
    }
  }
}

async function readNames(db: Queryable): Promise<Set<string>> {
  const { rows } = await db.query<{ recorded: boolean }>("SELECT to_regclass('reembed.schema_migration') IS NOT NULL AS recorded");
  if (!rows[0]?.recorded) return new Set();
  const ran = await db.query<{ name: string }>('SELECT name FROM reembed.schema_migration');
  return new Set(ran.rows.map(({ name }) => name));
}

/** All clients of the embedded database share one session, in which an advisory lock excludes no one. */
async function withFolderLock<T>(database: Database, work: () => Promise<T>): Promise<T> {
  const lock = takeLock(database.directory, 'runner');
  if (!('release' in lock)) throw new RunnerBusy(` (process ${lock.pid})`);
  try {
    return await work();
  } finally {
    lock.release();
  }
}
