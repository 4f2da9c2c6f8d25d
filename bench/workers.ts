import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import Table from 'cli-table3';
import { Command, InvalidArgumentError, Option } from 'commander';
import { list, wholeNumber } from '../src/commands/parse-option.ts';
import { say } from '../src/commands/print.ts';
import { readConfig } from '../src/config.ts';
import { graphMegabytes } from './backfill/documents.ts';
import type { Storage } from './backfill/product.ts';
import { LIMITS, type Limit } from './workers/measure.ts';
import { startWorkersBench, type WorkersResult } from './workers/run.ts';

interface Options {
  rows: number;
  dimensions: number;
  characters: number;
  storage: Storage | 'both';
  workers: number[];
  limits: Limit[];
  latency: number;
  requestsPerMinute: number;
  setting: string[];
  environment: string[];
  seed: number;
  json?: boolean;
  out?: string;
}

const program = new Command('bench:workers')
  .description(
    'Measures the backfill by several worker processes against a provider that answers after a fixed time, without and with a limit of requests. ' +
      'Makes databases of its own on the server of DATABASE_URL, which must name a superuser, and drops them at the end.',
  )
  .option('--rows <n>', 'rows of the table', wholeNumber, 10_000)
  .option('--dimensions <n>', 'of the old and the new vectors', wholeNumber, 768)
  .option('--characters <n>', 'length of a text', wholeNumber, 900)
  .addOption(new Option('--storage <where>', 'of the new vectors').choices(['column', 'side-table', 'both']).default('side-table'))
  .addOption(new Option('--workers <numbers>', 'of processes').argParser(numbers).default([1, 2, 4], '1,2,4'))
  .addOption(
    new Option('--limits <names>', 'what limits the requests: none, setting (requests_per_minute), provider (answers 429)')
      .argParser(limits)
      .default([...LIMITS], 'all'),
  )
  .option('--latency <ms>', 'time until the provider answers', wholeNumber, 100)
  .option('--requests-per-minute <n>', 'of the setting, and of the provider that refuses more', wholeNumber, 120)
  .option('--setting <name=value...>', 'of the toolkit, such as max_read_slowdown=', [])
  .option('--environment <NAME=value...>', 'of its commands, such as EMBED_REQUEST_INPUTS=32', [])
  .option('--seed <n>', 'seed of rows and vectors', wholeNumber, 7)
  .option('--json', 'print the result as JSON on stdout')
  .option('--out <file>', 'write the result as JSON to a file')
  .action(run);

try {
  await program.parseAsync();
} catch (error) {
  say(`bench:workers: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}

async function run(options: Options): Promise<void> {
  const { databaseUrl } = readConfig();
  if (!databaseUrl) throw new Error('set DATABASE_URL: the embedded database serves one process only');
  const { rows, dimensions, characters, seed, workers, latency, requestsPerMinute, environment } = options;
  const table = { rows, dimensions, characters, m: 16, efConstruction: 64, seed, autovacuum: true };
  const bench = startWorkersBench(
    databaseUrl,
    {
      table,
      storages: options.storage === 'both' ? ['column', 'side-table'] : [options.storage],
      ...{ limits: options.limits, workers, latency, requestsPerMinute, environment },
      settings: options.setting,
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

function tableOf({ figures }: WorkersResult): string {
  const table = new Table({
    head: ['storage', 'limit', 'workers', 'rows/s', '× one', 'under way', 'refused', 'texts twice', 'batches twice', 'machine busy'],
    style: { head: [], border: [] },
  });
  for (const one of figures)
    table.push([
      ...[one.storage, one.limit, one.workers, one.rowsPerSecond.toFixed(0), one.timesOneWorker?.toFixed(2) ?? '-'],
      ...[one.requestsUnderWay.toFixed(1), one.refusedRequests, one.repeatedTexts, one.attempts - one.batches],
      `${(one.busyShare * 100).toFixed(0)} %`,
    ]);
  return table.toString();
}

function numbers(value: string): number[] {
  return list(value).map(wholeNumber);
}

function limits(value: string): Limit[] {
  const chosen = LIMITS.filter((limit) => list(value).includes(limit));
  if (chosen.length !== list(value).length) throw new InvalidArgumentError(`names of ${LIMITS.join(', ')} are needed.`);
  return chosen;
}
