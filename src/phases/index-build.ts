import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../config.ts';
import type { Database, Queryable } from '../database/connection.ts';
import type { MigrationFile } from '../database/migration-file.ts';
import { type Notice, runMigrationFile } from '../database/migration-runner.ts';
import { ReembedError } from '../errors.ts';
import { dropInvalidIndexes } from './3-index.ts';

/** A running index build: a row of reembed.index_build, with times in seconds. */
export interface IndexBuild {
  target: string;
  campaign: string;
  index: string;
  /** process id of the server process that builds */
  pid: number;
  phase: string;
  /** progress of the current phase; null where the phase counts nothing */
  percent: number | null;
  waiting_for: string | null;
  started_at: Date | null;
  elapsed_seconds: number | null;
  predicted_seconds: number | null;
}

/** Shows a build while it runs. */
export interface BuildDisplay {
  /** called about twice a second */
  update(build: IndexBuild): void;
  say(line: string): void;
  stop(): void;
}

/** Options of an index build. */
export interface IndexBuildOptions {
  notice: Notice;
  /** settings of the building session, by name */
  settings?: Record<string, string>;
  /** opens a display for a build; without it only notices are shown */
  display?: () => BuildDisplay;
}

/** Thrown when maintenance memory is too small for the k-means of IVFFlat, which then does not start. */
export class IndexMemoryTooSmall extends ReembedError {
  constructor(megabytes: number, cause: unknown) {
    super(
      'index_memory_too_small',
      `the index build needs ${megabytes} MB, more than its limit`,
      `if the server has that much to spare, set REEMBED_INDEX_MEMORY=${megabytes}MB and run the command again; otherwise create the campaign again with fewer lists`,
      { cause },
    );
  }
}

const POLL_MS = 500;

/** Translates the environment's options for index builds into settings that reembed.prepare_index_build() reads. */
export function indexSettings({ indexMemory, indexWorkers }: Pick<Config, 'indexMemory' | 'indexWorkers'>): Record<string, string> {
  return {
    ...(indexMemory === undefined ? {} : { 'reembed.index_memory': indexMemory }),
    ...(indexWorkers === undefined ? {} : { 'reembed.index_workers': String(indexWorkers) }),
  };
}

/**
 * Reads the running index builds.
 *
 * @param target full name of a target; undefined for all targets
 */
export async function readIndexBuilds(db: Queryable, target?: string): Promise<IndexBuild[]> {
  const { rows } = await db.query<IndexBuild>(
    `SELECT target, campaign, index, pid, phase, percent::double precision AS percent, waiting_for, started_at,
            extract(epoch FROM clock_timestamp() - started_at)::double precision AS elapsed_seconds,
            extract(epoch FROM predicted)::double precision AS predicted_seconds
       FROM reembed.index_build WHERE $1::text IS NULL OR target = $1 ORDER BY started_at`,
    [target ?? null],
  );
  return rows;
}

/**
 * Runs a file that builds indexes.
 *
 * @throws LockNotAvailable, MigrationFailed and the like; IndexMemoryTooSmall
 */
export async function runIndexBuild(
  database: Database,
  file: MigrationFile & { campaign: string },
  direction: 'up' | 'down',
  options: IndexBuildOptions,
): Promise<void> {
  await runBuild(database, file.campaign, options, (notice, settings) =>
    runMigrationFile(database, file, direction, notice, { settings, showsNotices: true }),
  );
}

/**
 * Builds indexes of a campaign, after dropping any INVALID index of an earlier build. If the server has too little shared memory for
 * parallel workers, it builds again without them.
 *
 * @param run executes the statements, in a session with these settings
 * @throws what `run` throws; IndexMemoryTooSmall
 */
export async function runBuild(
  database: Database,
  campaign: string,
  options: IndexBuildOptions,
  run: (notice: Notice, settings: Record<string, string>) => Promise<void>,
): Promise<void> {
  const display = options.display?.();
  const notice = display ? display.say : options.notice;
  const build = async (settings: Record<string, string>) => {
    await dropInvalidIndexes(database, campaign, notice);
    await run(notice, settings);
  };
  const stop = new AbortController();
  // The embedded database has a single session, in which a query would wait until the build ends.
  const watched = display && !database.embedded ? watchBuild(database, campaign, display, stop.signal) : undefined;
  try {
    await build(options.settings ?? {}).catch(async (error: unknown) => {
      if (!isSharedMemoryFailure(error)) throw explain(error);
      notice('the server has too little shared memory for parallel workers (/dev/shm; for a container, --shm-size): building without them');
      await build({ ...options.settings, 'reembed.index_workers': '0' });
    });
  } finally {
    stop.abort();
    await watched;
    display?.stop();
  }
}

async function watchBuild(database: Database, campaign: string, display: BuildDisplay, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    // One short statement, because the build waits for every older transaction, including this one. A failed query must not end the build.
    const builds = await readIndexBuilds(database.pool).catch(() => []);
    for (const build of builds) if (build.campaign === campaign && !signal.aborted) display.update(build);
    await sleep(POLL_MS, undefined, { signal }).catch(() => {});
  }
}

/** Whether dynamic shared memory could not be allocated. Decided by SQLSTATE and the segment's name, because messages are translated. */
function isSharedMemoryFailure(error: unknown): boolean {
  const { code = '', message = '' } = causeOf(error);
  return /^53[12]00$/.test(code) && /PostgreSQL\.\d+|pg_dynshmem|shared memory/.test(message);
}

function explain(error: unknown): unknown {
  const { code, message = '' } = causeOf(error);
  const [, megabytes] = /memory required is (\d+) MB/.exec(message) ?? [];
  return code === '54000' && megabytes ? new IndexMemoryTooSmall(Number(megabytes), error) : error;
}

function causeOf(error: unknown): { code?: string; message?: string } {
  return error instanceof ReembedError && error.cause ? error.cause : (error as Error);
}
