import { type Database, inOwnTransactions, type Queryable } from '../database/connection.ts';
import { withLockRetries } from '../database/lock-retries.ts';
import type { MigrationFile } from '../database/migration-file.ts';
import { dropEmptySchema, readMigrationState } from '../database/migration-runner.ts';
import { dropSqlObjects, isInstalled } from '../database/sql-objects.ts';
import { GateClosed, ReembedError } from '../errors.ts';
import { counted, plural } from '../wording.ts';
import { sweepTable } from '../worker/sweep.ts';
import { rowsLackingOldVector } from './4-switch.ts';
import { type FilesRun, type RunOptions, runFile } from './run-file.ts';

/** Thrown when no migration is left to revert. */
export class NothingToTakeDown extends ReembedError {
  constructor() {
    super('nothing_to_take_down', 'no migration is left to revert', 'npm run status shows what has run');
  }
}

/** Thrown when the campaign's table, or a part that it needs, has been dropped, so that none of its files can run. */
export class TargetDamaged extends ReembedError {
  constructor(damage: string, remedy: string) {
    super('target_damaged', `${damage}, so the campaign cannot be reverted`, `${remedy}; then delete its files`);
  }
}

/** Options of `down`. */
export interface RetreatOptions extends RunOptions {
  directory: string;
  count: number;
  /** revert although the old model would not find some rows, or can no longer be called */
  acceptMissing: boolean;
}

/**
 * Reverts the last migrations, newest first.
 *
 * @throws NothingToTakeDown when no migration has run; GateClosed when a rollback would lose rows from search; TargetDamaged
 */
export async function retreat(database: Database, options: RetreatOptions): Promise<FilesRun> {
  const done: FilesRun = { ran: [], durations: {} };
  if (options.count > 1) await refusePurged(database, options);
  for (let step = 0; step < options.count; step += 1) {
    const applied = await inOrder(database, options);
    const files = lastStep(applied);
    if (files.length === 0 && step === 0) throw new NothingToTakeDown();
    if (files.length === 0) break;
    for (const file of files) await revert(database, file, done, options);
    if (applied.length === files.length) await dropEmptySchema(database.pool);
  }
  return done;
}

async function revert(database: Database, file: MigrationFile, done: FilesRun, options: RetreatOptions): Promise<void> {
  if (file.campaign) await refuseDamaged(database, file.campaign);
  if (file.phase === 'switch' && file.campaign) await refuseIncompleteWayBack(database, file.campaign, options);
  // The tables cannot be dropped while functions depend on their row types. The next `up` creates the functions again.
  if (!file.campaign) await withLockRetries(() => dropSqlObjects(database), 'sql/', options.notice);
  if (file.phase === 'contract') await recordBegun(database, file);
  await runFile(database, file, 'down', done, options);
}

/** The file that ran last; of a table group its sections for all campaigns that stand at it, newest first. */
function lastStep(applied: readonly MigrationFile[]): MigrationFile[] {
  const last = applied.at(-1);
  if (!last?.group) return last ? [last] : [];
  const newest = new Map(applied.map((file) => [file.campaign, file]));
  return applied.filter((file) => file.path === last.path && newest.get(file.campaign) === file).reverse();
}

/** Returns the files that `down` reverts, newest first. */
export async function filesToRevert(database: Database, options: Pick<RetreatOptions, 'directory' | 'count'>): Promise<MigrationFile[]> {
  let applied = await inOrder(database, options);
  const files: MigrationFile[] = [];
  for (let step = 0; step < options.count && applied.length > 0; step += 1) {
    const next = lastStep(applied);
    files.push(...next);
    applied = applied.filter((file) => !next.includes(file));
  }
  return files;
}

/**
 * Returns the applied files, oldest first. The toolkit's tables come before the campaigns that need them, even if an upgrade added them
 * later.
 */
async function inOrder(database: Database, { directory }: Pick<RetreatOptions, 'directory'>): Promise<MigrationFile[]> {
  const { applied, pending } = await readMigrationState(database.pool, directory);
  const begun = await begunContracts(database, pending);
  return [...applied.filter(({ campaign }) => !campaign), ...applied.filter(({ campaign }) => campaign), ...begun];
}

/** The files of contracts that were interrupted after their phase had begun. */
async function begunContracts(database: Database, pending: readonly MigrationFile[]): Promise<MigrationFile[]> {
  const files = pending.filter(({ phase }) => phase === 'contract');
  if (files.length === 0 || !(await isInstalled(database.pool))) return [];
  const { rows } = await database.pool.query<{ name: string }>("SELECT name FROM reembed.campaign WHERE phase = 'contract'");
  return files.filter(({ campaign }) => rows.some(({ name }) => name === campaign));
}

/** Records a contract that was begun as run: only what is recorded can be reverted. */
async function recordBegun(database: Database, { name, sha256 }: MigrationFile): Promise<void> {
  await database.pool.query(
    'INSERT INTO reembed.schema_migration (name, run_on, sha256) SELECT $1::text, now(), $2 WHERE NOT EXISTS (SELECT FROM reembed.schema_migration WHERE name = $1::text)',
    [name, sha256],
  );
}

async function refuseDamaged(database: Database, campaign: string): Promise<void> {
  const { rows } = await database.pool.query<{ damage: string; remedy: string }>(
    'SELECT d.damage, d.remedy FROM reembed.damage AS d WHERE d.target = (SELECT m.target FROM reembed.campaign AS m WHERE m.name = $1) AND d.is_final',
    [campaign],
  );
  if (rows[0]) throw new TargetDamaged(rows[0].damage, rows[0].remedy);
}

async function refuseIncompleteWayBack(database: Database, campaign: string, options: RetreatOptions): Promise<void> {
  const db = inOwnTransactions(database.pool);
  await refuseGoneModel(db, campaign, options);
  const missing = await rowsLackingOldVector(db, campaign);
  if (missing === 0) return;
  if (!options.acceptMissing) {
    // Finds rows that no trigger captured, so that the remedy below covers them too.
    await sweepTable(database.pool, campaign, 'old');
    throw new GateClosed(
      `after a rollback now, searches would not find ${counted(missing, 'row')}: ${plural(missing, 'it has', 'they have')} no vector of the old model`,
      'run npm run worker to embed them, if the old model can be called; otherwise accept the loss: npm run migrate down -- --accept-missing',
    );
  }
  await db.query(
    "SELECT reembed.accept($1, 'missing-old-vectors', 'migrate down --accept-missing', jsonb_build_object('rows', $2::bigint))",
    [campaign, missing],
  );
  options.notice(
    `${counted(missing, 'row')} ${plural(missing, 'has', 'have')} no vector of the old model; searches will not find ${plural(missing, 'it', 'them')} until a worker has embedded ${plural(missing, 'it', 'them')}`,
  );
}

/** Says what a rollback to a model still means that nobody can call, before it happens. */
async function refuseGoneModel(db: Queryable, campaign: string, { acceptMissing, notice }: RetreatOptions): Promise<void> {
  const { rows } = await db.query<{ model: string }>(
    'SELECT m.from_model AS model FROM reembed.campaign AS m JOIN reembed.setting AS s ON s.target = m.target WHERE m.name = $1 AND s.old_model_gone',
    [campaign],
  );
  const [gone] = rows;
  if (!gone) return;
  const effect = `the live view reads the stored vectors of ${gone.model} again, which cannot be called any more: no query can be embedded with it`;
  if (!acceptMissing)
    throw new GateClosed(
      `after a rollback now, ${effect}`,
      'stay with the new model, or go on to another one with a new campaign; to roll back nevertheless: npm run migrate down -- --accept-missing',
    );
  await db.query("SELECT reembed.accept($1, 'old-model-gone', 'migrate down --accept-missing', jsonb_build_object('model', $2::text))", [
    campaign,
    gone.model,
  ]);
  notice(effect);
}

/**
 * Refuses a revert of several steps before the first one when one of them cannot be reverted; the other steps would be reverted in vain.
 */
async function refusePurged(database: Database, options: RetreatOptions): Promise<void> {
  const files = await filesToRevert(database, options);
  const contracted = files.reverse().flatMap(({ campaign, phase }) => (campaign && phase === 'contract' ? [campaign] : []));
  for (const campaign of contracted) await database.pool.query('SELECT reembed.require_archive($1)', [campaign]);
}
