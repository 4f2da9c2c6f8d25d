import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { Command } from 'commander';
import { say } from '../src/commands/print.ts';
import { readConfig } from '../src/config.ts';
import { drawFile } from './plots/draw.ts';

const program = new Command('bench:bridge')
  .description(
    'Measures nDCG@10 and search time of the bridge on SciFact while its backfill advances, in heap order and popular rows first, with and without the early ' +
      'index. Makes a database of its own on the server of DATABASE_URL (a superuser) and drops it at the end.',
  )
  .option('--data <folder>', 'SciFact with the vectors of two models; default: TEST_SCIFACT')
  .option('--rounds <n>', 'measurements of each kind of search by every query', Number, 5)
  .option('--out <file>', 'file of the figures', 'docs/bench/bridge.json')
  .option('--plot <file>', 'file of the plot', 'docs/bench/bridge.svg')
  .action(run);

try {
  await program.parseAsync();
} catch (error) {
  say(`bench:bridge: ${error instanceof Error ? error.stack : error}`);
  process.exitCode = 1;
}

async function run(options: { data?: string; rounds: number; out: string; plot: string }): Promise<void> {
  const { databaseUrl } = readConfig();
  if (!databaseUrl) throw new Error('set DATABASE_URL: the embedded database has no separate server process');
  process.env.TEST_DATABASE_URL = databaseUrl;
  if (options.data) process.env.TEST_SCIFACT = options.data;
  // These read where the data is when they are loaded.
  const [{ openBridge }, { measureBridge }, { bridgePlot }] = await Promise.all([
    import('./bridge/open-bridge.ts'),
    import('./bridge/measure-bridge.ts'),
    import('./plots/bridge.ts'),
  ]);
  const subject = await openBridge(say);
  try {
    const figures = { ...subject.facts, ...(await measureBridge(subject, options.rounds, say)) };
    mkdirSync(dirname(options.out), { recursive: true });
    writeFileSync(options.out, `${JSON.stringify(figures, null, 2)}\n`);
    await drawFile(bridgePlot(figures), options.plot);
    say(`${options.out}, ${options.plot}`);
  } finally {
    await subject.close();
  }
}
