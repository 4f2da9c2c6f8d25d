import Table from 'cli-table3';
import { Command, InvalidArgumentError, Option } from 'commander';
import { formatBytes } from '../src/wording.ts';
import { createStormDatabase, shell } from './server.ts';
import { runStorm, type StormResult } from './storm.ts';
import type { World } from './world.ts';

const HELP = `
Without DATABASE_URL the PostgreSQL that .ci/postgres brings is started, and crashed and restarted now and then; with it, that server
is used (a superuser; the storm makes a database of its own and drops it), and crashed only if --crash-command says how.

  npm run storm -- --seconds 60 --seed 7
  DATABASE_URL=postgres://postgres@localhost/postgres npm run storm -- --seconds 60 --crash-command 'pg_ctl restart -w -m immediate'

Exit code 0: no harm was done. 1: something was lost, wrong, or failed.`;

interface Options {
  seconds: number;
  seed: number;
  rows: number;
  writers: number;
  searchers: number;
  workers: number;
  joins: number;
  partitions: number;
  storage: 'column' | 'side-table';
  bridge?: boolean;
  ddl?: boolean;
  hostile?: boolean;
  longestStall: number;
  server: string;
  crashCommand?: string;
  crashes: boolean;
  keep?: boolean;
  json?: boolean;
  log?: string;
}

const number = (value: string) => {
  if (!/^\d{1,9}$/.test(value)) throw new InvalidArgumentError('a whole number is needed.');
  return Number(value);
};

function joins(value: string): number {
  if (!/^[012]$/.test(value)) throw new InvalidArgumentError('0, 1 or 2 is needed.');
  return Number(value);
}

await new Command('storm')
  .description('runs live traffic, killed processes, a faulty provider and an operator who goes forward and back; then checks every row')
  .option('--seconds <n>', 'duration', number, 60)
  .option('--seed <n>', 'seed of the random choices; the same seed repeats them', number, 7)
  .option('--rows <n>', 'rows in the table at the start', number, 20_000)
  .option('--writers <n>', 'clients that write', number, 4)
  .option('--searchers <n>', 'clients that search', number, 3)
  .option('--workers <n>', 'worker processes', number, 3)
  .addOption(
    new Option('--joins <n>', 'tables between the vectors and their text, at most 2; 0: the text is in the table itself')
      .argParser(joins)
      .default(0)
      .conflicts(['ddl', 'hostile']),
  )
  .option('--partitions <n>', 'partitions of the table; 0: it is not partitioned', number, 0)
  .addOption(new Option('--storage <where>', 'where the new vectors are kept').choices(['column', 'side-table']).default('column'))
  .addOption(new Option('--bridge', 'one searcher searches over a bridge and reports the rows that lack a new vector').conflicts(['ddl']))
  .option('--ddl', 'change the table meanwhile: rename columns, alter types, rewrite it')
  .option('--hostile', 'a table whose constraints and triggers refuse some updates, and texts that are poisonous in six ways')
  .option('--longest-stall <ms>', "longest allowed wait of a write (the default is the toolkit's lock_timeout)", number, 500)
  .option('--server <17|18>', 'version of .ci/postgres, without DATABASE_URL', '17')
  .option('--crash-command <command>', 'command that restarts the server with -m immediate and returns when it answers')
  .option('--no-crashes', 'do not crash the server')
  .option('--keep', 'keep the database after the run')
  .option('--json', 'print the result as JSON on stdout')
  .option('--log <file>', 'write every event with its time to a file')
  .addHelpText('after', HELP)
  .action(storm)
  .parseAsync();

async function storm(options: Options): Promise<void> {
  const own = process.env.DATABASE_URL;
  const url = own ?? (await shell(`.ci/postgres start ${options.server}`));
  const crash = options.crashCommand ?? (own ? undefined : `.ci/postgres restart-immediate ${options.server}`);
  const server = await createStormDatabase(url, options.crashes ? crash : undefined, options.keep ?? false);
  const {
    seconds,
    seed,
    rows,
    writers,
    searchers,
    workers,
    joins,
    partitions,
    storage,
    bridge = false,
    ddl = false,
    hostile = false,
    longestStall,
  } = options;
  try {
    const result = await runStorm(
      server,
      { seconds, seed, rows, writers, searchers, workers, joins, partitions, storage, bridge, ddl, hostile, longestStall },
      showTick,
      options.log,
    );
    process.stderr.write('\n');
    process.stdout.write(`${options.json ? JSON.stringify(result) : text(result)}\n`);
    process.exitCode = result.missed.length === 0 ? 0 : 1;
  } finally {
    await server.close();
  }
}

function showTick(world: World, secondsLeft: number): void {
  if (!process.stderr.isTTY) return;
  process.stderr.write(
    `\r${secondsLeft} s left, ${world.operations.total} operations, ${world.faults.total} faults, ${world.failedReads.count} reads failed   `,
  );
}

function text(result: StormResult): string {
  const { options, missed } = result;
  const figures = new Table({ style: { head: [], border: [] } });
  figures.push(
    ['reads failed while the server was up', result.readsFailed],
    ['answers by the wrong model', result.wrongAnswers],
    ['rows wrong by the oracle', result.rowsWrong],
    ['writes lost', result.writesLost],
    ['rows never embedded', result.rowsNeverEmbedded],
    ['longest stall of an application write', `${result.longestStallMs} ms`],
    ['writes that failed', result.writesFailed],
    ['rows wrong after the rollback', result.rowsWrongAfterWayBack],
    ['longest time from SIGTERM to the end of a worker', `${result.longestDrainMs} ms`],
    ['largest worker', formatBytes(result.workerPeakBytes)],
  );
  return [
    `${options.seconds} s, seed ${options.seed}, ${options.storage}${options.joins > 0 ? `, text in another table (${options.joins})` : ''}, ${result.rows} rows at the end, ${result.server}`,
    `operations: ${counts(result.operations)}`,
    `faults: ${counts(result.faults)}`,
    figures.toString(),
    ...result.examples.map((example) => `  ${example}`),
    ...result.bugs.map((bug) => `  bug: ${bug}`),
    missed.length === 0 ? 'nothing was lost' : `MISSED: ${missed.join('; ')}`,
  ].join('\n');
}

function counts(kinds: Record<string, number>): string {
  return Object.entries(kinds)
    .map(([kind, count]) => `${kind} ${count}`)
    .join(', ');
}
