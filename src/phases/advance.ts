import { type Database, inOwnTransactions, type Queryable } from '../database/connection.ts';
import { LockNotAvailable, MissingRight, RefusedBySql, StillNeeded } from '../database/database-error.ts';
import { withLockRetries } from '../database/lock-retries.ts';
import type { MigrationFile } from '../database/migration-file.ts';
import { MigrationFailed, readMigrationState } from '../database/migration-runner.ts';
import { applySqlObjects } from '../database/sql-objects.ts';
import { requireVectorExtension } from '../database/vector-extension.ts';
import { GateClosed, ReembedError } from '../errors.ts';
import { counted } from '../wording.ts';
import { buildNewLeafIndexes } from './new-leaf-indexes.ts';
import { type FilesRun, type RunOptions, runFile } from './run-file.ts';

/** A condition that keeps a gate closed, and its remedy. */
export interface OpenCondition {
  /** machine-readable name of the condition */
  code: string;
  condition: string;
  remedy: string;
}

/** A campaign that stopped before a closed gate. */
export interface Waiting {
  file: MigrationFile;
  conditions: OpenCondition[];
}

/** What `up` ran and where it stopped. */
export interface Advance extends FilesRun {
  waiting: Waiting[];
  failed: Failed[];
}

/** A campaign of a table group whose file failed. The other tables of the group went on. */
export interface Failed {
  file: MigrationFile;
  error: ReembedError;
}

/** Thrown at the end when tables of a group failed. */
export class GroupFailed extends ReembedError {
  constructor(tables: number, { file, error }: Failed) {
    super(
      'group_failed',
      `${counted(tables, 'table')} of a table group failed, and the others went on; ${file.name}: ${error.message}`,
      `${error.remedy}; the next npm run migrate up runs what is missing`,
      { cause: error },
    );
  }
}

/** What the person who runs `up` accepts, and why. */
export interface AcceptedHere {
  codes: readonly string[];
  reason: string;
}

/** Options of `up`. */
export interface AdvanceOptions extends RunOptions {
  directory: string;
  /** maximum number of files to run */
  count?: number | undefined;
  /** harms that are accepted at the gate that asks for them */
  accept?: AcceptedHere | undefined;
  /** called before a closed gate; returns true to check the gate again, else `conditions` must be current */
  wait?: ((waiting: Waiting) => Promise<boolean>) | undefined;
}

/**
 * Runs the toolkit's own migrations, then each campaign up to its next closed gate. A campaign that waits does not hold up a campaign on
 * another table.
 *
 * @throws ExtensionMissing before anything runs
 */
export async function advance(database: Database, options: AdvanceOptions): Promise<Advance> {
  const result: Advance = { ran: [], durations: {}, waiting: [], failed: [] };
  let sqlApplied = false;
  await requireVectorExtension(database.pool);
  for (;;) {
    const { pending } = await readMigrationState(database.pool, options.directory);
    const own = pending.find(({ campaign }) => !campaign);
    if (!own && !sqlApplied) {
      await withLockRetries(() => applySqlObjects(database), 'sql/', options.notice);
      sqlApplied = true;
      await buildNewLeafIndexes(database, options.notice);
    }
    const candidates = withinLimit(pending, result, options.count);
    const next = own && candidates.includes(own) ? own : await nextOpenFile(inOwnTransactions(database.pool), candidates, result, options);
    if (!next) return result;
    try {
      await runFile(database, next, 'up', result, options);
    } catch (error) {
      if (next.group === undefined || !isOfOneTable(error)) throw error;
      options.notice(`${next.name} failed: ${error.message}; ${error.remedy}`);
      result.failed.push({ file: next, error });
    }
  }
}

/** The files that may still run: the sections of a file of a table group count as one file. */
function withinLimit(pending: MigrationFile[], { ran, failed }: Advance, count: number | undefined): MigrationFile[] {
  const begun = new Set([...ran, ...failed.map(({ file }) => file)].map(({ path }) => path));
  return begun.size < (count ?? Number.POSITIVE_INFINITY) ? pending : pending.filter(({ path }) => begun.has(path));
}

/** Whether an error is about the table of the file, so that it says nothing about the other tables of its group. */
function isOfOneTable(error: unknown): error is ReembedError {
  return [MigrationFailed, LockNotAvailable, RefusedBySql, StillNeeded, MissingRight, GateClosed].some((known) => error instanceof known);
}

/** Returns the first pending file of a campaign whose gate is open. Campaigns with a closed gate are added to `waiting`. */
async function nextOpenFile(
  db: Queryable,
  pending: MigrationFile[],
  { waiting, failed }: Advance,
  options: AdvanceOptions,
): Promise<MigrationFile | undefined> {
  const looked = new Set([...waiting, ...failed].map(({ file }) => file.campaign));
  for (const file of pending) {
    if (looked.has(file.campaign)) continue;
    looked.add(file.campaign);
    for (;;) {
      const conditions = await acceptConditions(db, file, await openConditions(db, file), options);
      if (conditions.length === 0) return file;
      const stop = { file, conditions };
      if (!(await options.wait?.(stop))) {
        waiting.push(stop);
        break;
      }
    }
  }
  return undefined;
}

/** The files that `up` would run now, as far as that is known before they run. */
export interface Runnable {
  files: MigrationFile[];
  /** the first file of each campaign that would not run yet */
  stops: MigrationFile[];
}

/**
 * Finds the files that `up` would run now: the gate of a phase is evaluated only where the phase before it has been entered.
 *
 * @param db undefined when there is no database yet
 */
export async function runnableFiles(db: Queryable | undefined, pending: readonly MigrationFile[], count?: number): Promise<Runnable> {
  const own = pending.filter(({ campaign }) => !campaign);
  const runnable: Runnable = { files: own, stops: [] };
  for (const campaign of new Set(pending.flatMap((file) => file.campaign ?? []))) {
    const [first, ...later] = pending.filter((file) => file.campaign === campaign);
    if (!first) continue;
    const isOpen = (file: MigrationFile) => file.phase === 'expand' || file.phase === 'backfill';
    const opened = isOpen(first) || (db && own.length === 0 && (await openConditions(db, first)).length === 0) ? [first] : [];
    if (opened.length > 0) while (later[0] && isOpen(later[0])) opened.push(...later.splice(0, 1));
    runnable.files = [...runnable.files, ...opened];
    const stop = opened.length > 0 ? later[0] : first;
    if (stop) runnable.stops.push(stop);
  }
  return count === undefined ? runnable : { ...runnable, files: runnable.files.slice(0, count) };
}

/** Records an acceptance for each condition that is accepted by name; returns the others. */
async function acceptConditions(
  db: Queryable,
  { campaign }: MigrationFile,
  conditions: OpenCondition[],
  { accept, notice }: AdvanceOptions,
): Promise<OpenCondition[]> {
  const isAccepted = ({ code }: OpenCondition) => accept?.codes.includes(code) ?? false;
  for (const { code, condition } of conditions.filter(isAccepted)) {
    await db.query('SELECT reembed.accept($1, $2, $3)', [campaign, code, accept?.reason]);
    notice(`accepted ${code}: ${condition}`);
  }
  return conditions.filter((condition) => !isAccepted(condition));
}

/** Returns the conditions that keep the gate of a file's phase closed; an empty array when it is open. */
export async function openConditions(db: Queryable, file: MigrationFile): Promise<OpenCondition[]> {
  if (!file.campaign || file.phase === 'expand') return [];
  const { rows } = await db.query<OpenCondition>('SELECT code, condition, remedy FROM reembed.open_conditions($1, $2)', [
    file.campaign,
    file.phase,
  ]);
  return rows;
}
