import { startChild } from './child.ts';
import type { TableOptions } from './documents.ts';
import type { LoadCalls } from './live-load-process.ts';
import type { Latency } from './open-loop.ts';

/** application_name of the application's sessions. */
export const LOAD_NAME = 'bench application';

/** Parameters of the application. */
export interface LoadOptions {
  url: string;
  table: Pick<TableOptions, 'rows' | 'dimensions' | 'characters' | 'seed'>;
  readsPerSecond: number;
  writesPerSecond: number;
  /** a query whose only parameter is the query vector, as text */
  search: string;
}

/** Measurements of the application over a period. */
export interface LoadResult {
  reads: Latency;
  writes: Latency;
  /** rows that were inserted or whose text was changed since the process started */
  touched: number[];
  /** latency of each operation, in microseconds */
  samples: { reads: number[]; writes: number[] };
}

/** The application: searches and writes at a fixed rate, in a process of its own. */
export interface LiveLoad {
  /** runs until `work` ends; rejects if `work` does */
  during(work: () => Promise<unknown>): Promise<LoadResult>;
  stop(): void;
}

/** Connects the application; undefined when it has nothing to do. */
export async function startLiveLoad(options: LoadOptions): Promise<LiveLoad | undefined> {
  if (options.readsPerSecond === 0 && options.writesPerSecond === 0) return undefined;
  const child = startChild<LoadCalls>('./live-load-process.ts');
  try {
    await child.call('connect', options);
  } catch (error) {
    child.stop();
    throw error;
  }
  return {
    async during(work) {
      await child.call('begin', undefined);
      await work();
      return child.call('end', undefined);
    },
    stop: child.stop,
  };
}
