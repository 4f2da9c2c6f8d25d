import { cpus } from 'node:os';
import { type FittedMap, fitMap, type Pairs } from '../src/bridge/fit-map.ts';
import { loadGemm } from '../src/bridge/gemm-model.ts';
import type { Multiply } from '../src/bridge/matrix.ts';
import { multiplyPlainly } from '../src/bridge/multiply.ts';
import { madeUpVectors, normalNumbers } from '../test/harness/made-up-space.ts';

// Times the fit of a bridge on made-up spaces, the new one a noisy linear image of the old one, and prints JSON. One thread; no database.
// npm run bench:bridge-fit -- ROWS OLD_DIMENSIONS NEW_DIMENSIONS [plain]
const [rows = 2000, oldDimensions = 1536, newDimensions = 3072] = process.argv.slice(2, 5).map(Number);
const engines: [string, Multiply][] = [['onnxruntime-node', await loadGemm()]];
if (process.argv[5] === 'plain') engines.push(['our own loops', async (...given) => multiplyPlainly(...given)]);

const old = madeUpVectors(rows, oldDimensions, 1);
const renewed = multiplyPlainly(old, madeUpVectors(oldDimensions, newDimensions, 2));
const noise = normalNumbers(3);
const spread = Math.sqrt(renewed.values.reduce((sum, value) => sum + value ** 2, 0) / renewed.values.length);
renewed.values.forEach((value, i) => {
  renewed.values[i] = value + 0.3 * spread * noise();
});
const pairs: Pairs = { old: { distance: 'cosine', vectors: old }, renewed: { distance: 'cosine', vectors: renewed } };

for (const [engine, multiply] of engines) {
  const startedAt = performance.now();
  const before = process.cpuUsage();
  const fitted = await fitMap(pairs, multiply);
  const { user, system } = process.cpuUsage(before);
  const seconds = { seconds: rounded((performance.now() - startedAt) / 1000), cpuSeconds: rounded((user + system) / 1e6) };
  console.log(JSON.stringify({ rows, oldDimensions, newDimensions, engine, ...seconds, ...worthOf(fitted), processor: cpus()[0]?.model }));
}

function rounded(value: number): number {
  return Number(value.toFixed(1));
}

function worthOf({ method, regularisation, kept, known }: FittedMap) {
  return { method, regularisation, retention: kept / known };
}
