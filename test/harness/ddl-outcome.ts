import { once } from 'node:events';
import pg from 'pg';
import { readStatus } from '../../src/commands/read-status.ts';
import { statusText } from '../../src/commands/show-status.ts';
import { readConfig } from '../../src/config.ts';
import { translateDatabaseError } from '../../src/database/database-error.ts';
import { EXIT, messageOf, ReembedError } from '../../src/errors.ts';
import { type Application, FIRST_NAMES, startApplication } from './application.ts';
import { until } from './campaign.ts';
import { exitOf } from './command.ts';
import { type DdlCase, type DdlPhase, namesAfter, type Outcome, type Storage } from './ddl-cases.ts';
import { wrongInChanged, wrongInUnchanged } from './ddl-vectors.ts';
import { createDocuments, OLD_DIMENSIONS, OLD_MODEL, textOf, vectorText } from './documents.ts';
import { vectorOf } from './provider.ts';
import { createStage, type FrozenStage, type Stage } from './stage.ts';

const TABLE = 'documents';
const TWIN = 'twin';
const OTHER = 'bystanders';
const TARGET = `public.${TABLE}.embedding`;
const ROWS = 60;
// A worker that has nothing left to do ends after a second or two.
const DRAIN_SECONDS = 8;

/** The outcome of a change of the table. */
export interface DdlReport {
  outcome: Outcome | 'lost';
  /** violations, as sentences */
  faults: string[];
  /** details that help to investigate a failure */
  notes: string[];
}

/** Two tables with a campaign each, and a twin of the first. Each case runs on a copy. */
export async function prepareDdlStage(storage: Storage, phase: DdlPhase): Promise<FrozenStage> {
  const stage = await createStage();
  const { pool } = stage.db;
  // Few rows per page, so that the backfill has several batches.
  await pool.query(`CREATE SCHEMA elsewhere;
    CREATE TABLE ${TABLE} (id integer PRIMARY KEY, content varchar(400), note text, embedding vector(${OLD_DIMENSIONS})) WITH (fillfactor = 20)`);
  const ids = Array.from({ length: ROWS }, (_, i) => i + 1);
  await pool.query(
    `INSERT INTO ${TABLE} (id, content, embedding) SELECT * FROM unnest($1::integer[], $2::text[], $3::vector[]) AS row(id, content, embedding)`,
    [ids, ids.map(textOf), ids.map((i) => vectorText(vectorOf(OLD_MODEL, textOf(i), OLD_DIMENSIONS)))],
  );
  await createDocuments(pool, 30, { table: OTHER, index: false });
  for (const table of [OTHER, TABLE]) {
    const campaign = await stage.draft({ table, storage, batchRows: 10 });
    await stage.bring(campaign, phase);
  }
  if (phase === 'backfill') await stage.workHalf();
  const tables = storage === 'column' ? [''] : ['', '_new_model_vectors'];
  for (const suffix of tables) {
    await pool.query(
      `CREATE TABLE ${TWIN}${suffix} (LIKE ${TABLE}${suffix} INCLUDING ALL); INSERT INTO ${TWIN}${suffix} SELECT * FROM ${TABLE}${suffix}`,
    );
  }
  return stage.freeze();
}

/** Makes one change of the table while an application writes, and reports the outcome. */
export async function tryDdl(stage: Stage, ddlCase: DdlCase, storage: Storage, phase: DdlPhase): Promise<DdlReport> {
  const report: DdlReport = { outcome: 'lost', faults: [], notes: [] };
  const application = await startApplication(stage.db.url, { subject: TABLE, twin: TWIN }, ROWS);
  try {
    await application.rounds(1);
    const refusal = await makeChange(stage, ddlCase);
    const names = refusal ? FIRST_NAMES : namesAfter(ddlCase);
    application.use(names);
    await application.rounds(2);
    await application.pause();
    await stage.db.pool.query(`UPDATE ${OTHER} SET content = 'changed since' WHERE id <= 5`);
    const check = () => wrongInChanged(stage.db.pool, TABLE, names, { storage, phase, renamed: refusal ? {} : (ddlCase.vectors ?? {}) });
    let drained = await work(stage, report);
    let wrong = await check();
    // If processing in this process leaves something undone, a worker process has to show the outcome that users get.
    if (!drained || wrong.length > 0) {
      drained = await runWorker(stage, report);
      wrong = await check();
    }
    const named = await damage(stage);
    report.notes.push(...wrong.slice(0, 3), ...named);
    if (refusal) report.notes.push(`refused: ${refusal}`);
    if (wrong.length === 0 && drained) report.outcome = refusal ? 'refused' : 'follows';
    else if (named.length > 0) report.outcome = 'named';
    await checkBystander(stage, report, storage, phase);
    application.resume();
    // If the table is unchanged, other tests cover the commands.
    if (!refusal) await runCommands(stage, report);
    await application.rounds(1);
    report.notes.push(`${application.written} writes`);
  } finally {
    await application.stop();
  }
  report.faults.unshift(...kindsOf(application));
  return report;
}

/** @returns PostgreSQL's reason if it refused the change */
async function makeChange({ db }: Stage, { ddl, unhooked, alone }: DdlCase): Promise<string | undefined> {
  const client = new pg.Client({ connectionString: db.url });
  await client.connect();
  try {
    if (alone) for (const statement of [...ddl(TABLE), ...ddl(TWIN)]) await client.query(statement);
    else {
      const own = unhooked ? [`SELECT reembed.unhook('${TARGET}')`, ...ddl(TABLE), `SELECT reembed.rehook('${TARGET}')`] : ddl(TABLE);
      await client.query(['BEGIN', ...own, ...ddl(TWIN), 'COMMIT'].join('; '));
    }
    return undefined;
  } catch (error) {
    return `${(error as { code?: string }).code} ${(error as Error).message}`;
  } finally {
    await client.end();
  }
}

/** @returns whether nothing failed */
async function work(stage: Stage, report: DdlReport): Promise<boolean> {
  try {
    await stage.work();
    return true;
  } catch (error) {
    report.notes.push(`work: ${(error as Error).message}`);
    return false;
  }
}

/** @returns whether the worker ended on its own */
async function runWorker(stage: Stage, report: DdlReport): Promise<boolean> {
  const child = stage.workplace.start(['worker', '--drain']);
  let stderr = '';
  child.stderr?.on('data', (chunk) => {
    stderr += chunk;
  });
  child.stdout?.resume();
  const giveUp = setTimeout(() => child.kill('SIGTERM'), DRAIN_SECONDS * 1000);
  const code = await exitOf(child);
  clearTimeout(giveUp);
  if (code !== 0) report.notes.push(`worker --drain: ${code} ${lastLine(stderr)}`);
  if (code === EXIT.bug || code === null) report.faults.push(`worker --drain ended with ${code}: ${lastLine(stderr)}`);
  return code === 0;
}

/** Runs `status`, `migrate up` and `migrate down`, each for both campaigns, so that two files go down. */
async function runCommands(stage: Stage, report: DdlReport): Promise<void> {
  const commands: Record<string, () => Promise<unknown>> = {
    status: async () => statusText(await readStatus(stage.database, readConfig(stage.db.env), undefined)),
    'migrate up': () => stage.up(),
    'migrate down': () => stage.down(2),
  };
  for (const [command, run] of Object.entries(commands)) {
    const { code, message } = await exitCodeOf(run);
    const isWell = code === EXIT.done || code === EXIT.waiting;
    const said = `${command} ends with ${code}: ${message}`;
    if (!isWell) report.notes.push(said);
    if (code === EXIT.bug || (!isWell && report.outcome !== 'named')) report.faults.push(said);
  }
}

/** The exit code that the command would have. */
async function exitCodeOf(run: () => Promise<unknown>): Promise<{ code: number; message: string }> {
  try {
    await run();
    return { code: EXIT.done, message: '' };
  } catch (thrown) {
    const error = translateDatabaseError(thrown);
    return { code: error instanceof ReembedError ? error.exitCode : EXIT.bug, message: messageOf(error) };
  }
}

/** Checks that the other table's vectors are complete, whatever was done to the first table. */
async function checkBystander(stage: Stage, report: DdlReport, storage: Storage, phase: DdlPhase): Promise<void> {
  const wrong = () => wrongInUnchanged(stage.db.pool, OTHER, { storage, phase });
  if ((await wrong()).length === 0) return;
  const child = stage.workplace.start(['worker']);
  child.stderr?.resume();
  child.stdout?.resume();
  try {
    await until(async () => (await wrong()).length === 0, 'vectors of the other table', 45);
    report.notes.push('the other table was not done by worker --drain');
  } catch {
    report.faults.push(`the other table stands still: ${(await wrong()).slice(0, 3).join(', ')}`);
  } finally {
    const gone = once(child, 'exit');
    child.kill('SIGTERM');
    await gone;
  }
}

/** Checks of reembed.health for the target that name a command; rows that wait for a worker are not damage. */
async function damage({ db }: Stage): Promise<string[]> {
  const { rows } = await db.pool.query<{ reason: string }>(
    `SELECT reason FROM reembed.health WHERE target = $1 AND reason !~ 'no worker is running|changed rows wait' AND reason ~* 'reembed[. ]|npm run'`,
    [TARGET],
  );
  return rows.map(({ reason }) => `health: ${reason}`);
}

/** Each kind of failure once, with its count. */
function kindsOf({ failures }: Application): string[] {
  const counts = new Map<string, number>();
  for (const failure of failures) counts.set(failure, (counts.get(failure) ?? 0) + 1);
  return [...counts].map(([failure, count]) => `${count} writes failed: ${failure}`);
}

/** The line of a command's output that contains the error. */
function lastLine(text: string): string {
  const lines = text.trim().split('\n');
  // For a bug of ours, the first line says that it is one and the next line what it is.
  return lines.find((line) => /^reembed: (?!a bug)|[Ee]rror:/.test(line)) ?? lines.at(-1) ?? '';
}
