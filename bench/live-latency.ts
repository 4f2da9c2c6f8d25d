import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import Table from 'cli-table3';
import { Command, Option } from 'commander';
import { wholeNumber } from '../src/commands/parse-option.ts';
import { say } from '../src/commands/print.ts';
import { readConfig } from '../src/config.ts';
import { graphMegabytes } from './backfill/documents.ts';
import type { Storage } from './backfill/product.ts';
import { CONDITIONS, type Figures } from './live/latencies.ts';
import { type LiveResult, startLiveBench } from './live/run.ts';

interface Options {
  rows: number;
  dimensions: number;
  characters: number;
  storage: Storage | 'both';
  samples: number;
  seconds: number;
  readsPerSecond: number;
  writesPerSecond: number;
  setting: string[];
  bridge?: boolean;
  vacuum?: boolean;
  seed: number;
  json?: boolean;
  out?: string;
}

const program = new Command('bench:live')
  .description(
    'Measures searches and single-row writes of an application beside a backfill with the default settings, alternating with idle periods of the same ' +
      'length. Makes databases of its own on the server of DATABASE_URL, which must name a superuser, and drops them at the end.',
  )
  .option('--rows <n>', 'rows of the table', wholeNumber, 50_000)
  .option('--dimensions <n>', 'of the old and the new vectors', wholeNumber, 768)
  .option('--characters <n>', 'length of a text', wholeNumber, 900)
  .addOption(new Option('--storage <where>', 'of the new vectors').choices(['column', 'side-table', 'both']).default('both'))
  .option('--samples <n>', 'searches, and as many writes, of each condition', wholeNumber, 10_000)
  .option('--seconds <n>', 'length of a period', wholeNumber, 30)
  .option('--reads-per-second <n>', 'searches of the application by the old vectors', wholeNumber, 50)
  .option('--writes-per-second <n>', 'writes of the application: half change a text, a quarter insert', wholeNumber, 50)
  .option('--setting <name=value...>', 'of the toolkit, such as max_read_slowdown=', [])
  .option('--bridge', 'the application searches over a bridge, which is fitted first, with a filter; rows are reported as wanted')
  .option('--vacuum', 'a third kind of period: the backfill beside one VACUUM of the table after the other')
  .option('--seed <n>', 'seed of rows, vectors and writes', wholeNumber, 7)
  .option('--json', 'print the result as JSON on stdout')
  .option('--out <file>', 'write the result as JSON to a file')
  .action(run);

try {
  await program.parseAsync();
} catch (error) {
  say(`bench:live: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}

async function run(options: Options): Promise<void> {
  const { databaseUrl } = readConfig();
  if (!databaseUrl) throw new Error('set DATABASE_URL: the embedded database has one session only');
  const { rows, dimensions, characters, seed, samples, seconds, readsPerSecond, writesPerSecond } = options;
  const table = { rows, dimensions, characters, m: 16, efConstruction: 64, seed, autovacuum: true };
  const bench = startLiveBench(
    databaseUrl,
    {
      table,
      storages: options.storage === 'both' ? ['column', 'side-table'] : [options.storage],
      ...{ samples, seconds, readsPerSecond, writesPerSecond },
      conditions: options.vacuum ? CONDITIONS : CONDITIONS.slice(0, 2),
      settings: options.setting,
      bridge: options.bridge ?? false,
      maintenanceMemory: graphMegabytes(table),
    },
    say,
  );
  bench.result.catch(() => {});
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => bench.close().finally(() => process.exit(130)));
  try {
    const result = await bench.result;
    say(tableOf(result));
    const json = JSON.stringify(result, null, 2);
    if (options.json) process.stdout.write(`${json}\n`);
    if (options.out) {
      mkdirSync(dirname(options.out), { recursive: true });
      writeFileSync(options.out, `${json}\n`);
    }
  } finally {
    await bench.close();
  }
}

function tableOf({ storages }: LiveResult): string {
  const table = new Table({
    head: ['storage', 'period', 'rows/s', 'searches p50/p95/p99 ms', 'p99 to idle', 'writes p50/p95/p99 ms', 'p99 to idle'],
    style: { head: [], border: [] },
  });
  for (const { storage, figures } of storages) {
    const idle = figures.find(({ condition }) => condition === 'idle');
    for (const one of figures) {
      const cells = (['reads', 'writes'] as const).flatMap((kind) => [latencyText(one[kind]), ratioText(one[kind].p99, idle?.[kind].p99)]);
      table.push([storage, one.condition, one.rowsPerSecond.toFixed(0), ...cells]);
    }
  }
  const bridges = storages.flatMap(({ storage, bridge }) =>
    bridge
      ? [
          `${storage}: bridge fitted in ${bridge.fitSeconds.toFixed(1)} s; with a filter, plain search for 100 results ${latencyText(bridge.plain)}, over the bridge ${latencyText(bridge.bridged)} ms`,
        ]
      : [],
  );
  return [table.toString(), ...bridges].join('\n');
}

function latencyText({ p50, p95, p99, samples }: Figures['reads']): string {
  return `${[p50, p95, p99].map((value) => value?.toFixed(1) ?? '-').join('/')} of ${samples}`;
}

function ratioText(value: number | null, idle: number | null | undefined): string {
  return value === null || !idle ? '-' : (value / idle).toFixed(2);
}
