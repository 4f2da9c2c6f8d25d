import { parentPort, workerData } from 'node:worker_threads';
import { type FittedMap, fitMap, type Pairs } from './fit-map.ts';
import { createMultiply } from './multiply.ts';

/** What the thread reports: each step, and the map at the end. */
export type FitMessage = { step: number } | { fitted: FittedMap };

let step = 0;
const fitted = await fitMap(workerData as Pairs, await createMultiply(), () => {
  step += 1;
  parentPort?.postMessage({ step } satisfies FitMessage);
});
parentPort?.postMessage({ fitted } satisfies FitMessage);
