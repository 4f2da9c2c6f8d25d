import { Command, InvalidArgumentError, Option } from 'commander';
import { list, wholeNumber } from '../src/commands/parse-option.ts';
import { say } from '../src/commands/print.ts';
import { graphMegabytes } from './backfill/documents.ts';
import type { Storage } from './backfill/product.ts';
import { storagesOf, type TableChoice, usualTable, withStorage, withTable } from './backfill/table-options.ts';
import { benchServer, type Measured, runBench, tableText } from './bench-command.ts';
import { LIMITS, type Limit } from './workers/measure.ts';
import { runWorkersBench, type WorkersResult } from './workers/run.ts';

interface Options extends TableChoice {
  storage: Storage | 'both';
  workers: number[];
  limits: Limit[];
  latency: number;
  requestsPerMinute: number;
  setting: string[];
  environment: string[];
}

const command = withStorage(
  withTable(
    new Command('bench:workers').description(
      'Measures the backfill by several worker processes against a provider that answers after a fixed time, without and with a limit of requests. ' +
        'Makes databases of its own on the server of DATABASE_URL, which must name a superuser, and drops them at the end.',
    ),
    10_000,
  ),
  'side-table',
)
  .addOption(new Option('--workers <numbers>', 'of processes').argParser(numbers).default([1, 2, 4], '1,2,4'))
  .addOption(
    new Option('--limits <names>', 'what limits the requests: none, setting (requests_per_minute), provider (answers 429)')
      .argParser(limits)
      .default([...LIMITS], 'all'),
  )
  .option('--latency <ms>', 'time until the provider answers', wholeNumber, 100)
  .option('--requests-per-minute <n>', 'of the setting, and of the provider that refuses more', wholeNumber, 120)
  .option('--environment <NAME=value...>', 'of its commands, such as EMBED_REQUEST_INPUTS=32', []);

await runBench(command, async (options: Options): Promise<Measured> => {
  const { storage, limits, workers, latency, requestsPerMinute, setting: settings, environment } = options;
  const table = usualTable(options);
  const conditions = { limits, workers, latency, requestsPerMinute, settings, environment, maintenanceMemory: graphMegabytes(table) };
  const figures = await runWorkersBench(benchServer(), { table, storages: storagesOf(storage), ...conditions }, say);
  return { figures, text: textOf(figures) };
});

function textOf({ figures }: WorkersResult): string {
  return tableText(
    ['storage', 'limit', 'workers', 'rows/s', '× one', 'under way', 'refused', 'texts twice', 'batches twice', 'machine busy'],
    figures.map((one) => [
      ...[one.storage, one.limit, one.workers, one.rowsPerSecond.toFixed(0), one.timesOneWorker?.toFixed(2) ?? '-'],
      ...[one.requestsUnderWay.toFixed(1), one.refusedRequests, one.repeatedTexts, one.attempts - one.batches],
      `${(one.busyShare * 100).toFixed(0)} %`,
    ]),
  );
}

function numbers(value: string): number[] {
  return list(value).map(wholeNumber);
}

function limits(value: string): Limit[] {
  const chosen = LIMITS.filter((limit) => list(value).includes(limit));
  if (chosen.length !== list(value).length) throw new InvalidArgumentError(`names of ${LIMITS.join(', ')} are needed.`);
  return chosen;
}
