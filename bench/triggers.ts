import { Command, Option } from 'commander';
import { wholeNumber } from '../src/commands/parse-option.ts';
import { benchServer, runBench, tableText, withSetting } from './bench-command.ts';
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
}

const command = new Command('bench:triggers')
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
  .addOption(new Option('--text-from', 'take the text from another table, and measure writes to that one').conflicts('leastTrigger'));

await runBench(command, async (options: Options) => {
  const subject = await createSubject(benchServer(), options);
  try {
    const { rows } = await subject.client.query<{ postgresql: string; pgvector: string }>(
      "SELECT current_setting('server_version') AS postgresql, extversion AS pgvector FROM pg_extension WHERE extname = 'vector'",
    );
    const comparisons: Comparison[] = [];
    const measured = options.textFrom ? writesToJoined(options.characters) : writes(options.characters);
    for (const write of measured) comparisons.push(await compare(subject, write, options));
    return withSetting({ ...options, ...rows[0] }, { comparisons }, tableOf(comparisons));
  } finally {
    await subject.close();
  }
});

function tableOf(comparisons: Comparison[]): string {
  return tableText(
    ['write', 'rows/s without', 'rows/s with', 'ratio', 'lowest to highest', 'µs a row'],
    comparisons.map(({ write, without, with: withTriggers, ratio, lowest, highest, addedMicroseconds }) => [
      ...[write, without.toFixed(0), withTriggers.toFixed(0), ratio.toFixed(2)],
      ...[`${lowest.toFixed(2)} to ${highest.toFixed(2)}`, addedMicroseconds.toFixed(0)],
    ]),
  );
}
