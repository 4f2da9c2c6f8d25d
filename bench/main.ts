import cliProgress from 'cli-progress';
import { Command, InvalidArgumentError, Option } from 'commander';
import { wholeNumber } from '../src/commands/parse-option.ts';
import { say } from '../src/commands/print.ts';
import { PROVIDERS } from './backfill/answers.ts';
import { LETTERS, type Letter } from './backfill/contender.ts';
import { graphMegabytes, type TableOptions } from './backfill/documents.ts';
import type { BenchOptions } from './backfill/figures.ts';
import type { Voice } from './backfill/measure.ts';
import { reportText } from './backfill/report.ts';
import { compareBackfills } from './backfill/run.ts';
import { withTable } from './backfill/table-options.ts';
import { benchServer, runBench } from './bench-command.ts';

const HELP = `
Contenders, each on a fresh copy of the same table with its live HNSW index:
  a  by hand, an UPDATE for each row, vectors as text, 50 rows a transaction
  b  by hand, UPDATE … FROM unnest, vectors as text, 500 rows a statement
  c  pg-reembed into a column: migrate create, migrate up, worker --drain
  d  pg-reembed into a side table
  e  the floor: binary COPY into a bare table

DATABASE_URL must name a superuser; the benchmark makes databases of its own and drops them, also on Ctrl-C.
docs/performance.md says what the figures mean.

  npm run bench -- --rows 50000 --json --out docs/bench/50k.json
  npm run bench -- --rows 257000 --procedure --contenders d`;

type Options = TableOptions &
  Pick<BenchOptions, 'contenders' | 'readsPerSecond' | 'writesPerSecond' | 'idleSeconds' | 'latency' | 'provider' | 'environment'> & {
    setting: string[];
    maintenanceMemory?: number;
    procedure?: boolean;
    keep?: boolean;
  };

const command = withTable(
  new Command('bench').description('Compares backfills of a live table by the toolkit with backfills by manual scripts.'),
  50_000,
)
  .option('--m <n>', 'of the HNSW index on the old vectors', wholeNumber, 16)
  .option('--ef-construction <n>', 'of the HNSW index on the old vectors', wholeNumber, 64)
  .addOption(new Option('--contenders <letters>', 'contenders to run, separated by commas').argParser(letters).default([...LETTERS], 'all'))
  .option('--reads-per-second <n>', 'searches of the application by the old vectors', numberFromZero, 50)
  .option('--writes-per-second <n>', 'writes of the application: half change a text, a quarter insert', numberFromZero, 20)
  .option('--idle-seconds <n>', 'how long the application runs alone before each contender', wholeNumber, 20)
  .option('--latency <ms>', 'time until the provider answers', numberFromZero, 0)
  .addOption(
    new Option('--provider <where>', 'within the worker, or in a separate process that is called by HTTP')
      .choices(PROVIDERS)
      .default('in-process'),
  )
  .option('--environment <NAME=value...>', "of the toolkit's commands, such as EMBED_MAX_IN_FLIGHT=1", [])
  .option('--maintenance-memory <MB>', 'for building indexes (default: what the graph needs)', wholeNumber)
  .option('--no-autovacuum', 'disable autovacuum for the table')
  .option('--procedure', 'instead measure the whole procedure of c and d until the switch, and load and index alone')
  .option('--keep', 'keep the databases after the run')
  .addHelpText('after', HELP);

await runBench(command, async (options: Options) => {
  const voice = createVoice();
  try {
    const figures = await compareBackfills(benchServer(), benchOptions(options), voice);
    return { figures, text: reportText(figures) };
  } finally {
    voice.stop();
  }
});

function benchOptions({ setting: settings, procedure = false, keep = false, maintenanceMemory, ...options }: Options): BenchOptions {
  const { rows, dimensions, characters, m, efConstruction, seed, autovacuum, ...others } = options;
  const table = { rows, dimensions, characters, m, efConstruction, seed, autovacuum };
  return { table, ...others, settings, procedure, keep, maintenanceMemory: maintenanceMemory ?? graphMegabytes(table) };
}

/** Reports progress, with the seconds since the start and the progress of the contender. */
function createVoice(): Voice & { stop(): void } {
  const startedAt = performance.now();
  const bar = new cliProgress.SingleBar({
    format: '       [{bar}] {value}/{total} rows, {eta_formatted} left',
    gracefulExit: false,
    linewrap: true,
    noTTYOutput: true,
    notTTYSchedule: 15_000,
  });
  let isOver = false;
  const endBar = () => {
    if (bar.isActive) bar.stop();
  };
  return {
    stop() {
      isOver = true;
      endBar();
    },
    say(line) {
      if (isOver) return;
      endBar();
      say(`${((performance.now() - startedAt) / 1000).toFixed(0).padStart(5)} s  ${line}`);
    },
    rows(done, of) {
      if (isOver) return;
      if (!bar.isActive) bar.start(of, 0);
      bar.update(done);
    },
  };
}

function numberFromZero(value: string): number {
  if (!/^\d{1,6}$/.test(value)) throw new InvalidArgumentError('a whole number is needed.');
  return Number(value);
}

function letters(value: string): Letter[] {
  const chosen = LETTERS.filter((letter) => value.split(',').includes(letter));
  if (chosen.length !== value.split(',').length) throw new InvalidArgumentError(`letters of ${LETTERS.join(',')} are needed.`);
  return chosen;
}
