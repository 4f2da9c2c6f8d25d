import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { FIT_STEPS, type FittedMap, type Pairs } from './fit-map.ts';
import type { FitMessage } from './fit-thread.ts';

/**
 * Fits a map in a thread, so that progress is shown and Ctrl-C works meanwhile.
 *
 * @param onProgress called with the steps that are done, and how many there are
 */
export async function fitInThread(pairs: Pairs, onProgress: (done: number, total: number) => void): Promise<FittedMap> {
  // The built package has .js files where a checkout has .ts.
  const worker = new Worker(new URL(`./fit-thread${extname(import.meta.url)}`, import.meta.url), {
    workerData: pairs,
    // Node flags of this process, such as --eval, must not apply to the thread.
    execArgv: [],
  });
  try {
    return await new Promise<FittedMap>((resolve, reject) => {
      worker.once('error', reject);
      worker.once('exit', () => reject(new Error('the thread that fits the map ended early')));
      worker.on('message', (message: FitMessage) => {
        if ('fitted' in message) resolve(message.fitted);
        else onProgress(Math.min(message.step, FIT_STEPS), FIT_STEPS);
      });
    });
  } finally {
    await worker.terminate();
  }
}
