import { cpus } from 'node:os';
import Table from 'cli-table3';
import { Command, Option } from 'commander';
import { wholeNumber } from '../src/commands/parse-option.ts';
import { readConfig } from '../src/config.ts';
import { type Comparison, compare, writes, writesToJoined } from './rounds.ts';
import { createSubject } from './subject.ts';

interface Options {
  rows: number;
  characters: number;
  rounds: number;
  seconds: number;
  index: boolean;
  leastTrigger?: boolean;
  textFrom?: boolean;
  json?: boolean;
}

const program = new Command('bench:triggers')
  .description(
    'Measures the cost of the capture triggers for the application: the same table with and without them, in alternating rounds. ' +
      'Makes a database of its own on the server of DATABASE_URL and drops it at the end.',
  )
  .option('--rows <n>', 'rows of the table', wholeNumber, 10_000)
  .option('--characters <n>', 'length of a text', wholeNumber, 900)
  .option('--rounds <n>', 'rounds of each kind of write, both sides each', wholeNumber, 10)
  .option('--seconds <n>', 'length of one side of a round', wholeNumber, 1)
  .option('--no-index', 'no HNSW index on the old vectors, whose cost hides that of the triggers')
  .option(
    '--least-trigger',
    'replace the triggers by one that only records the key in a table without an index: the minimum cost of a trigger',
  )
  .addOption(new Option('--text-from', 'take the text from another table, and measure writes to that one').conflicts('leastTrigger'))
  .option('--json', 'print the figures as JSON')
  .action(run);

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`bench:triggers: ${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}

async function run(options: Options): Promise<void> {
  const { databaseUrl } = readConfig();
  if (!databaseUrl) throw new Error('set DATABASE_URL: the embedded database cannot run an application beside the measurement');
  const subject = await createSubject(databaseUrl, options);
  try {
    const { rows } = await subject.client.query<{ postgresql: string; pgvector: string }>(
      "SELECT current_setting('server_version') AS postgresql, extversion AS pgvector FROM pg_extension WHERE extname = 'vector'",
    );
    const comparisons: Comparison[] = [];
    const measured = options.textFrom ? writesToJoined(options.characters) : writes(options.characters);
    for (const write of measured) comparisons.push(await compare(subject, write, options));
    const setting = { ...options, ...rows[0], node: process.version, cores: cpus().length };
    if (options.json) process.stdout.write(`${JSON.stringify({ ...setting, comparisons })}\n`);
    else process.stdout.write(`${tableOf(comparisons)}\n${JSON.stringify(setting)}\n`);
  } finally {
    await subject.close();
  }
}

function tableOf(comparisons: Comparison[]): string {
  const table = new Table({
    head: ['write', 'rows/s without', 'rows/s with', 'ratio', 'lowest to highest', 'µs a row'],
    style: { head: [], border: [] },
  });
  for (const { write, without, with: withTriggers, ratio, lowest, highest, addedMicroseconds } of comparisons) {
    table.push([
      write,
      without.toFixed(0),
      withTriggers.toFixed(0),
      ratio.toFixed(2),
      `${lowest.toFixed(2)} to ${highest.toFixed(2)}`,
      addedMicroseconds.toFixed(0),
    ]);
  }
  return table.toString();
}
