import type { Database } from '../database/connection.ts';
import type { MigrationFile } from '../database/migration-file.ts';
import { type Notice, runMigrationFile } from '../database/migration-runner.ts';
import { type IndexBuildOptions, runIndexBuild } from './index-build.ts';

/** The files that a command ran. */
export interface FilesRun {
  ran: MigrationFile[];
  /** duration of each file in milliseconds, by file name */
  durations: Record<string, number>;
}

/** Options of running a file. */
export interface RunOptions {
  notice: Notice;
  /** options of the index builds */
  index?: Omit<IndexBuildOptions, 'notice'>;
}

/** Runs one file, with the settings and display of an index build where it builds one, reports its duration and adds it to `files`. */
export async function runFile(
  database: Database,
  file: MigrationFile,
  direction: 'up' | 'down',
  files: FilesRun,
  options: RunOptions,
): Promise<void> {
  const startedAt = Date.now();
  if (file.campaign && (file.phase === 'contract' || (file.phase === 'index' && direction === 'up'))) {
    await runIndexBuild(database, { ...file, campaign: file.campaign }, direction, { ...options.index, notice: options.notice });
  } else {
    await runMigrationFile(database, file, direction, options.notice);
  }
  const duration = Date.now() - startedAt;
  options.notice(`${direction.padEnd(4)} ${file.name} (${(duration / 1000).toFixed(2)} s)`);
  files.ran.push(file);
  files.durations[file.name] = duration;
}
