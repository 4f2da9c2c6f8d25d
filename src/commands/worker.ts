import { setFlagsFromString } from 'node:v8';
import { Command } from 'commander';
import { readConfig } from '../config.ts';
import { inOwnTransactions, openDatabase } from '../database/connection.ts';
import { UsageError } from '../errors.ts';
import { readListenAddress } from '../metrics/listen-address.ts';
import type { Monitoring, startMonitoring } from '../metrics/start-monitoring.ts';
import { counted } from '../wording.ts';
import { drain } from '../worker/drain.ts';
import { embedSubset } from '../worker/subset.ts';
import { startWorker } from '../worker/worker.ts';
import { adoptCache } from './adopt-cache.ts';
import { INTERRUPTED, listenForInterruption } from './interruption.ts';
import { lowerPriority } from './lower-priority.ts';
import { wholeNumber } from './parse-option.ts';
import { note, say } from './print.ts';
import { resolveTarget } from './resolve-target.ts';
import { createProgressBar, readProgress } from './show-progress.ts';

interface WorkerCommandOptions {
  target?: string;
  limit?: number;
  drain?: boolean;
  batchApi?: boolean;
  concurrency?: number;
  listen?: string;
}

/** `reembed worker`: embeds batches and changed rows. Any number of processes may run. */
export function workerCommand(): Command {
  return new Command('worker')
    .description('embed batches and changed rows until stopped; any number of workers may run')
    .option('--target <name>', 'serve only this table or table.column, for instance where its provider can be reached')
    .option('--limit <n>', 'embed about n rows spread over the table, then stop, to check them before paying for the rest', wholeNumber)
    .option('--drain', 'stop when nothing is left to do')
    .option(
      '--batch-api',
      "send the backfill to the provider's batch API, at half the price and within a day; changed rows do not wait for it",
    )
    .option(
      '--concurrency <n>',
      'batches of each table processed at the same time in this process (default: EMBED_CONCURRENCY or 4); requests of a model share EMBED_MAX_IN_FLIGHT',
      wholeNumber,
    )
    .option('--listen <address:port>', 'serve /metrics, /livez and /readyz there, such as 127.0.0.1:9464 (default: nowhere)')
    .action((options: WorkerCommandOptions) => work(options));
}

async function work(options: WorkerCommandOptions): Promise<void> {
  if (options.limit && options.batchApi) throw new UsageError('--limit and --batch-api exclude each other', 'give one of them');
  if (options.limit && options.listen !== undefined) throw new UsageError('--limit and --listen exclude each other', 'leave --listen out');
  const listen = options.listen === undefined ? undefined : readListenAddress(options.listen);
  // Vectors and answers are short-lived. With V8's defaults the heap grows to several times its live size; with tighter limits than these,
  // garbage collection takes a third of the processor time.
  setFlagsFromString('--heap-growing-percent=100');
  setFlagsFromString('--semi-space-growth-factor=1');
  lowerPriority();
  const config = readConfig();
  const batchApi = options.batchApi ?? false;
  if (options.concurrency) config.concurrency = options.concurrency;
  const database = await openDatabase(config);
  const bar = createProgressBar();
  const progress = inOwnTransactions(database.pool);
  let monitoring: Monitoring | undefined;
  const show = async () => bar.update(await readProgress(progress));
  try {
    await adoptCache(database.pool, say);
    const target = options.target === undefined ? undefined : await resolveTarget(database.pool, options.target);
    if (options.limit) {
      const embedded = await embedSubset(database, config, options.limit, say, target);
      say(`${counted(embedded, 'row')} embedded; the batches stay open. Check the rows, then: npm run worker`);
      return;
    }
    const { signal } = listenForInterruption(bar.say);
    if (listen) monitoring = await serveMetrics(listen, { databaseUrl: database.url, target, stopping: signal, notice: bar.say });
    if (options.drain) {
      await drain(database, config, { notice: bar.say, onTick: show, signal, target, batchApi, monitor: monitoring?.monitor });
      await show();
      // The work is incomplete, so the exit code must tell a script so.
      if (signal.aborted) process.exitCode = INTERRUPTED;
      return;
    }
    const worker = await startWorker(database, config, bar.say, { target, batchApi, monitor: monitoring?.monitor });
    note('worker started; Ctrl-C stops it after the batches in progress');
    const ticking = setInterval(() => show().catch(() => {}), 1000);
    signal.addEventListener('abort', () => worker.stop());
    // The event does not fire for a signal that arrived while the worker started.
    if (signal.aborted) void worker.stop();
    try {
      await worker.finished;
    } finally {
      clearInterval(ticking);
      await worker.stop();
    }
  } finally {
    bar.stop();
    await monitoring?.close();
    await database.close();
  }
}

/** Loads what serves metrics only for a worker that does. */
async function serveMetrics(...settings: Parameters<typeof startMonitoring>): Promise<Monitoring> {
  return (await import('../metrics/start-monitoring.ts')).startMonitoring(...settings);
}
