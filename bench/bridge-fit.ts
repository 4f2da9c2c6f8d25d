import { cpus } from 'node:os';
import { Command } from 'commander';
import { fitMap, type Pairs } from '../src/bridge/fit-map.ts';
import { loadGemm } from '../src/bridge/gemm-model.ts';
import type { Multiply } from '../src/bridge/matrix.ts';
import { multiplyPlainly } from '../src/bridge/multiply.ts';
import { wholeNumber } from '../src/commands/parse-option.ts';
import { madeUpVectors, normalNumbers } from '../test/harness/made-up-space.ts';
import { runBench, tableText, withSetting } from './bench-command.ts';

const command = new Command('bench:bridge-fit')
  .description('Times the fit of a bridge on made-up spaces, the new one a noisy linear image of the old one. One thread; no database.')
  .argument('[rows]', 'pairs', wholeNumber, 2000)
  .argument('[old-dimensions]', 'of the old space', wholeNumber, 1536)
  .argument('[new-dimensions]', 'of the new space', wholeNumber, 3072)
  .option('--plain', 'also by our own loops');

await runBench(command, async ({ plain }: { plain?: boolean }, rows: number, oldDimensions: number, newDimensions: number) => {
  const engines: [string, Multiply][] = [['onnxruntime-node', await loadGemm()]];
  if (plain) engines.push(['our own loops', async (...given) => multiplyPlainly(...given)]);
  const pairs = madeUpPairs(rows, oldDimensions, newDimensions);
  const fits = [];
  for (const [engine, multiply] of engines) fits.push({ engine, ...(await timeFit(pairs, multiply)) });
  return withSetting(
    { rows, oldDimensions, newDimensions, processor: cpus()[0]?.model },
    { fits },
    tableText(
      ['engine', 's', 's of CPU', 'method', 'regularisation', 'retention'],
      fits.map((fit) => [fit.engine, fit.seconds, fit.cpuSeconds, fit.method, String(fit.regularisation), fit.retention.toFixed(3)]),
    ),
  );
});

function madeUpPairs(rows: number, oldDimensions: number, newDimensions: number): Pairs {
  const old = madeUpVectors(rows, oldDimensions, 1);
  const renewed = multiplyPlainly(old, madeUpVectors(oldDimensions, newDimensions, 2));
  const noise = normalNumbers(3);
  const spread = Math.sqrt(renewed.values.reduce((sum, value) => sum + value ** 2, 0) / renewed.values.length);
  renewed.values.forEach((value, i) => {
    renewed.values[i] = value + 0.3 * spread * noise();
  });
  return { old: { distance: 'cosine', vectors: old }, renewed: { distance: 'cosine', vectors: renewed } };
}

async function timeFit(pairs: Pairs, multiply: Multiply) {
  const startedAt = performance.now();
  const before = process.cpuUsage();
  const { method, regularisation, kept, known } = await fitMap(pairs, multiply);
  const { user, system } = process.cpuUsage(before);
  const rounded = (value: number) => Number(value.toFixed(1));
  const seconds = rounded((performance.now() - startedAt) / 1000);
  return { seconds, cpuSeconds: rounded((user + system) / 1e6), method, regularisation, retention: kept / known };
}
