import { Command } from 'commander';
import { wholeNumber } from '../src/commands/parse-option.ts';
import { say } from '../src/commands/print.ts';
import { benchServer, runBench } from './bench-command.ts';
import { drawFile } from './plots/draw.ts';

const command = new Command('bench:bridge')
  .description(
    'Measures nDCG@10 and search time of the bridge on SciFact while its backfill advances, in heap order and popular rows first, with and without the early ' +
      'index. Makes a database of its own on the server of DATABASE_URL (a superuser) and drops it at the end.',
  )
  .option('--data <folder>', 'SciFact with the vectors of two models; default: TEST_SCIFACT')
  .option('--rounds <n>', 'measurements of each kind of search by every query', wholeNumber, 5)
  .option('--plot <file>', 'file of the plot', 'docs/bench/bridge.svg');

await runBench(command, measure, 'docs/bench/bridge.json');

async function measure({ data, rounds, plot }: { data?: string; rounds: number; plot: string }) {
  process.env.TEST_DATABASE_URL = benchServer();
  if (data) process.env.TEST_SCIFACT = data;
  // These read where the data is when they are loaded.
  const [{ openBridge }, { measureBridge }, { bridgePlot }] = await Promise.all([
    import('./bridge/open-bridge.ts'),
    import('./bridge/measure-bridge.ts'),
    import('./plots/bridge.ts'),
  ]);
  const subject = await openBridge(say);
  try {
    const figures = { ...subject.facts, ...(await measureBridge(subject, rounds, say)) };
    await drawFile(bridgePlot(figures), plot);
    return { figures, text: plot };
  } finally {
    await subject.close();
  }
}
