import { Command, Option } from 'commander';
import { type Config, readConfig } from '../config.ts';
import { type Database, inOwnTransactions, openDirectDatabase } from '../database/connection.ts';
import { listCampaignFiles, listMigrationFiles } from '../database/migration-file.ts';
import { readMigrationState } from '../database/migration-runner.ts';
import { asOnlyRunner } from '../database/runner-lock.ts';
import { isInstalled } from '../database/sql-objects.ts';
import { GateClosed } from '../errors.ts';
import { type Advance, advance, GroupFailed, type OpenCondition, openConditions, runnableFiles, type Waiting } from '../phases/advance.ts';
import { indexSettings } from '../phases/index-build.ts';
import { scriptOf } from '../phases/script.ts';
import { reasonOf } from '../plan/inventory/accepted.ts';
import { adoptCache } from './adopt-cache.ts';
import { listenForInterruption } from './interruption.ts';
import { paint } from './paint.ts';
import { list, wholeNumber } from './parse-option.ts';
import { note, printJson, printSql, say } from './print.ts';
import { isEmbeddedMissing } from './read-status.ts';
import { createBuildDisplay } from './show-index-build.ts';
import { createProgressBar, readProgress } from './show-progress.ts';
import { readViewReaders, unreadText } from './view-readers.ts';

interface UpOptions {
  dryRun?: boolean;
  wait?: boolean;
  json?: boolean;
  accept?: string[];
  reason?: string;
}

const LAST_CHANGES_MS = 15_000;

/** `reembed migrate up [n]`: runs the pending migrations whose gates are open and stops before the first closed gate. */
export function migrateUpCommand(): Command {
  return new Command('up')
    .description('run the migrations that may run now; stops before a closed gate with exit code 3')
    .argument('[n]', 'maximum number of migrations to run', wholeNumber)
    .option('--wait', 'process the queue in this process until no gate waits for a worker')
    .addOption(new Option('--dry-run', 'print the SQL as a psql script on stdout, and change nothing').conflicts('json'))
    .option('--accept <codes>', 'accept what a gate asks for by this code, such as triggers-fire; several are separated by commas', list)
    .option('--reason <text>', 'why it is accepted; recorded in reembed.acceptance')
    .option('--json', 'print what was done as JSON on stdout')
    .action((count: number | undefined, options: UpOptions) => up(count, options));
}

async function up(count: number | undefined, options: UpOptions): Promise<void> {
  const config = readConfig();
  if (options.dryRun) return showScript(config, count);
  const accept = options.accept && { codes: options.accept, reason: reasonOf(options.reason) };
  const database = await openDirectDatabase(config);
  try {
    const result = await asOnlyRunner(database, async () => {
      for (const name of listCampaignFiles(config.migrationsDirectory).foreign) {
        say(`${JSON.stringify(name)} in ${config.migrationsDirectory} was not written by migrate create: ignored`);
      }
      const done = await advance(database, {
        directory: config.migrationsDirectory,
        count,
        notice: say,
        accept,
        index: { settings: indexSettings(config), display: createBuildDisplay },
        wait: options.wait ? (waiting) => workUntilOpen(database, config, waiting) : undefined,
      });
      if (options.wait && done.waiting.every(({ conditions }) => !conditions.some(isForWorkers)))
        await workOffLastChanges(database, config);
      await adoptCache(database.pool, say);
      return done;
    });
    if (options.json) printJson(resultJson(result));
    await sayUnread(database);
    if (result.ran.length === 0 && result.waiting.length === 0) note('nothing to run: every migration is up');
    await noteNoCampaign(database);
    throwIfFailed(result);
    throwIfWaiting(result);
  } finally {
    await database.close();
  }
}

/** Reminds of live views that no application was seen to read: the switch would change nothing for their users. */
async function sayUnread(database: Database): Promise<void> {
  if (!(await isInstalled(database.pool))) return;
  for (const view of await readViewReaders(inOwnTransactions(database.pool))) {
    const text = unreadText(view);
    if (text !== undefined) say(text);
  }
}

/** A first `up` without a campaign only installs the toolkit. */
async function noteNoCampaign(database: Database): Promise<void> {
  if (!(await isInstalled(database.pool))) return;
  const { rows } = await database.pool.query<{ none: boolean }>('SELECT NOT EXISTS (SELECT FROM reembed.campaign) AS none');
  if (rows[0]?.none) note('there is no campaign yet; to plan one: npm run migrate create -- --help');
}

/** Prints what `up` would execute. An embedded database that does not exist is not created for it. */
async function showScript(config: Config, count: number | undefined): Promise<void> {
  const directory = config.migrationsDirectory;
  const database = isEmbeddedMissing(config) ? undefined : await openDirectDatabase(config);
  try {
    const pending = database ? (await readMigrationState(database.pool, directory)).pending : listMigrationFiles(directory);
    const { files, stops } = await runnableFiles(database && inOwnTransactions(database.pool), pending, count);
    printSql(await scriptOf(database?.pool, files, 'up'));
    if (files.some(({ campaign }) => !campaign))
      say("after the toolkit's own migrations, up also installs the functions, views and triggers of sql/, which are not printed");
    for (const { name } of stops) say(`not printed: ${name} and what follows it, until its gate is open`);
    if (files.length === 0 && stops.length === 0) say('nothing to run: every migration is up');
  } finally {
    await database?.close();
  }
}

/**
 * Works the queue until workers can do no more for a closed gate. Conditions that need a person's decision, or time, are not waited for.
 */
async function workUntilOpen(database: Database, config: Config, waiting: Waiting): Promise<boolean> {
  if (!waiting.conditions.some(isForWorkers)) return false;
  const { isNearlyDrained } = await import('../worker/open-work.ts');
  let conditions = waiting.conditions;
  const finished = await workOff(database, config, async () => {
    if (!(await isNearlyDrained(database.pool))) return false;
    conditions = await openConditions(inOwnTransactions(database.pool), waiting.file);
    // The remaining conditions need a person, for example failed rows.
    return !conditions.some(isForWorkers);
  });
  if (!finished) {
    say('stopped: the batches in progress are stored, the others remain in the ledger');
    conditions = await openConditions(inOwnTransactions(database.pool), waiting.file);
  }
  // The conditions may have changed meanwhile: that rows failed, for example, is known only now.
  if (conditions.length > 0) waiting.conditions = conditions;
  return finished && conditions.length === 0;
}

const SETTLED_BY_WORKERS = new Set(['pending_batches', 'outdated_rows', 'missing_vectors']);

function isForWorkers({ code }: OpenCondition): boolean {
  return SETTLED_BY_WORKERS.has(code);
}

/**
 * Embeds rows that changed a moment ago. They are no reason to wait at a gate, but they would close the next gate if they were left behind
 * with no worker running. Under steady writes there is always such a row, so the time is limited.
 */
async function workOffLastChanges(database: Database, config: Config): Promise<void> {
  const { isDrained } = await import('../worker/open-work.ts');
  if (!(await isInstalled(database.pool)) || (await isDrained(database.pool))) return;
  const giveUpAt = Date.now() + LAST_CHANGES_MS;
  await workOff(database, config, async () => Date.now() > giveUpAt || isDrained(database.pool));
}

/** Works the queue with a progress bar until `until` is true. Returns false when interrupted before that. */
async function workOff(database: Database, config: Config, until: () => Promise<boolean>): Promise<boolean> {
  const { drain } = await import('../worker/drain.ts');
  await adoptCache(database.pool, say);
  const bar = createProgressBar();
  const db = inOwnTransactions(database.pool);
  const { signal, release } = listenForInterruption(bar.say);
  try {
    await drain(database, config, {
      notice: bar.say,
      signal,
      until,
      onTick: async () => bar.update(await readProgress(db)),
    });
    bar.update(await readProgress(db));
  } finally {
    bar.stop();
    release();
  }
  return !signal.aborted;
}

/** @throws GroupFailed: each failure has been reported when it happened, and the other tables went on */
function throwIfFailed({ failed }: Advance): void {
  if (failed[0]) throw new GroupFailed(failed.length, failed[0]);
}

/** @throws GateClosed with what the gate waits for, unless that needs a list, which is printed before */
function throwIfWaiting({ waiting }: Advance): void {
  const [first, ...others] = waiting;
  if (!first) return;
  const gate = `the gate to ${first.file.phase} is closed`;
  const remedies = new Set(first.conditions.map(({ remedy }) => remedy));
  const remedy = first.conditions[0]?.remedy ?? 'npm run status';
  if (others.length === 0 && remedies.size === 1)
    throw new GateClosed(`${gate}: ${first.conditions.map(({ condition }) => condition).join('; ')}`, remedy);
  for (const { file, conditions } of waiting) {
    say(`${paint('doubtful', 'waiting', process.stderr)} before ${file.name}:`);
    // One remedy often serves several conditions.
    for (const [opening, served] of Map.groupBy(conditions, (condition) => condition.remedy)) {
      for (const { condition } of served) say(`  - ${condition}`);
      say(`    open it with: ${paint('command', opening, process.stderr)}`);
    }
  }
  throw new GateClosed(gate, remedy);
}

function resultJson({ ran, durations, waiting, failed }: Advance) {
  return {
    ran: ran.map(({ name }) => name),
    durations_ms: durations,
    waiting: waiting.map(({ file, conditions }) => ({ file: file.name, conditions })),
    failed: failed.map(({ file, error }) => ({ file: file.name, code: error.code, message: error.message, remedy: error.remedy })),
  };
}
