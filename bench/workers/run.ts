import { type BenchDatabases, connect, createBenchDatabases } from '../backfill/databases.ts';
import { createDocuments, type TableOptions } from '../backfill/documents.ts';
import { describeMachine, type Machine } from '../backfill/machine.ts';
import type { Storage } from '../backfill/product.ts';
import { type Conditions, type Figures, type Limit, measure, type Subject } from './measure.ts';

/** What is measured, and how. */
export interface WorkersOptions extends Conditions {
  table: TableOptions;
  storages: Storage[];
  limits: Limit[];
  /** numbers of worker processes */
  workers: number[];
  /** memory for index builds, in megabytes */
  maintenanceMemory: number;
}

/** Figures of one backfill, and its rows per second divided by those of one worker; null when one worker was not measured. */
export type Compared = Figures & { timesOneWorker: number | null };

/** Result of a run. */
export interface WorkersResult {
  machine: Machine;
  options: WorkersOptions;
  figures: Compared[];
}

const TEMPLATE = 'template';

/** @param server URL of a superuser, on a real server with extension vector */
export function startWorkersBench(server: string, options: WorkersOptions, say: (line: string) => void) {
  const databases = createBenchDatabases(server);
  return { result: runAll(databases, options, say), close: () => databases.close(false) };
}

async function runAll(databases: BenchDatabases, options: WorkersOptions, say: (line: string) => void): Promise<WorkersResult> {
  const machine = await prepare(databases, options, say);
  const figures: Compared[] = [];
  for (const storage of options.storages)
    for (const limit of options.limits) {
      const alike: Figures[] = [];
      for (const workers of options.workers) {
        const one = await inCopy(databases, options, { storage, limit, workers });
        alike.push(one);
        say(`${storage}, limit ${limit}, ${workers} workers: ${one.rowsPerSecond.toFixed(0)} rows/s`);
      }
      const single = alike.find(({ workers }) => workers === 1);
      figures.push(...alike.map((one) => ({ ...one, timesOneWorker: single ? one.rowsPerSecond / single.rowsPerSecond : null })));
    }
  return { machine, options, figures };
}

async function inCopy(databases: BenchDatabases, options: WorkersOptions, subject: Subject): Promise<Figures> {
  const name = `${subject.storage === 'column' ? 'column' : 'side'}_${subject.limit}_${subject.workers}`;
  const url = await databases.copy(TEMPLATE, name);
  const client = await connect(url, 'bench monitor');
  try {
    return await measure({ url, client, table: options.table }, subject, options);
  } finally {
    await client.end();
    await databases.drop(name);
  }
}

async function prepare(databases: BenchDatabases, options: WorkersOptions, say: (line: string) => void): Promise<Machine> {
  const client = await connect(await databases.create(TEMPLATE), 'bench monitor');
  try {
    await createDocuments(client, options.table, options.maintenanceMemory, say);
    return await describeMachine(client);
  } finally {
    // A database with open connections cannot be copied.
    await client.end();
  }
}
