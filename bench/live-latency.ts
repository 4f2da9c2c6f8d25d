import { Command } from 'commander';
import { wholeNumber } from '../src/commands/parse-option.ts';
import { say } from '../src/commands/print.ts';
import { graphMegabytes } from './backfill/documents.ts';
import type { Storage } from './backfill/product.ts';
import { storagesOf, type TableChoice, usualTable, withStorage, withTable } from './backfill/table-options.ts';
import { benchServer, type Measured, runBench, tableText } from './bench-command.ts';
import { CONDITIONS, type Figures } from './live/latencies.ts';
import { type LiveResult, runLiveBench } from './live/run.ts';

interface Options extends TableChoice {
  storage: Storage | 'both';
  samples: number;
  seconds: number;
  readsPerSecond: number;
  writesPerSecond: number;
  setting: string[];
  bridge?: boolean;
  vacuum?: boolean;
}

const command = withStorage(
  withTable(
    new Command('bench:live').description(
      'Measures searches and single-row writes of an application beside a backfill with the default settings, alternating with idle periods of the same ' +
        'length. Makes databases of its own on the server of DATABASE_URL, which must name a superuser, and drops them at the end.',
    ),
    50_000,
  ),
  'both',
)
  .option('--samples <n>', 'searches, and as many writes, of each condition', wholeNumber, 10_000)
  .option('--seconds <n>', 'length of a period', wholeNumber, 30)
  .option('--reads-per-second <n>', 'searches of the application by the old vectors', wholeNumber, 50)
  .option('--writes-per-second <n>', 'writes of the application: half change a text, a quarter insert', wholeNumber, 50)
  .option('--bridge', 'the application searches over a bridge, which is fitted first, with a filter; rows are reported as wanted')
  .option('--vacuum', 'a third kind of period: the backfill beside one VACUUM of the table after the other');

await runBench(command, async (options: Options): Promise<Measured> => {
  const { storage, samples, seconds, readsPerSecond, writesPerSecond, setting: settings, bridge = false, vacuum } = options;
  const table = usualTable(options);
  const figures = await runLiveBench(
    benchServer(),
    {
      ...{ table, samples, seconds, readsPerSecond, writesPerSecond, settings, bridge },
      storages: storagesOf(storage),
      conditions: vacuum ? CONDITIONS : CONDITIONS.slice(0, 2),
      maintenanceMemory: graphMegabytes(table),
    },
    say,
  );
  return { figures, text: textOf(figures) };
});

function textOf({ storages }: LiveResult): string {
  const rows = storages.flatMap(({ storage, figures }) => {
    const idle = figures.find(({ condition }) => condition === 'idle');
    return figures.map((one) => [
      ...[storage, one.condition, one.rowsPerSecond.toFixed(0)],
      ...(['reads', 'writes'] as const).flatMap((kind) => [latencyText(one[kind]), ratioText(one[kind].p99, idle?.[kind].p99)]),
    ]);
  });
  const bridges = storages.flatMap(({ storage, bridge }) =>
    bridge
      ? [
          `${storage}: bridge fitted in ${bridge.fitSeconds.toFixed(1)} s; with a filter, plain search for 100 results ${latencyText(bridge.plain)}, over the bridge ${latencyText(bridge.bridged)} ms`,
        ]
      : [],
  );
  const head = ['storage', 'period', 'rows/s', 'searches p50/p95/p99 ms', 'p99 to idle', 'writes p50/p95/p99 ms', 'p99 to idle'];
  return [tableText(head, rows), ...bridges].join('\n');
}

function latencyText({ p50, p95, p99, samples }: Figures['reads']): string {
  return `${[p50, p95, p99].map((value) => value?.toFixed(1) ?? '-').join('/')} of ${samples}`;
}

function ratioText(value: number | null, idle: number | null | undefined): string {
  return value === null || !idle ? '-' : (value / idle).toFixed(2);
}
