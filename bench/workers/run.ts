import { onCopies } from '../backfill/copies.ts';
import type { TableOptions } from '../backfill/documents.ts';
import type { Machine } from '../backfill/machine.ts';
import type { Storage } from '../backfill/product.ts';
import { type Conditions, type Figures, type Limit, measure } from './measure.ts';

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

/** @param server URL of a superuser, on a real server with extension vector */
export function runWorkersBench(server: string, options: WorkersOptions, say: (line: string) => void): Promise<WorkersResult> {
  return onCopies(server, options, say, async ({ machine, inCopy }) => {
    const figures: Compared[] = [];
    for (const storage of options.storages)
      for (const limit of options.limits) {
        const alike: Figures[] = [];
        for (const workers of options.workers) {
          const name = `${storage === 'column' ? 'column' : 'side'}_${limit}_${workers}`;
          const one = await inCopy(name, (copy) => measure(copy, { storage, limit, workers }, options));
          alike.push(one);
          say(`${storage}, limit ${limit}, ${workers} workers: ${one.rowsPerSecond.toFixed(0)} rows/s`);
        }
        const single = alike.find(({ workers }) => workers === 1);
        figures.push(...alike.map((one) => ({ ...one, timesOneWorker: single ? one.rowsPerSecond / single.rowsPerSecond : null })));
      }
    return { machine, options, figures };
  });
}
