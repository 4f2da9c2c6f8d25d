import { parentPort } from 'node:worker_threads';
import { allModels } from '../models/all-models.ts';
import type { Embedded } from '../models/model.ts';

/** What a lane is asked: one small batch for one model. */
export interface LaneTask {
  model: string;
  texts: string[];
}

/** What a lane says: once that its models are loaded (or why not), then one result or error for each task. */
export type LaneReply = 'ready' | Embedded | { error: string };

// A thread of the embedding server. ONNX Runtime computes on the thread that calls it, promise or not,
// so each core that shall compute needs a thread of its own.
async function answer(task: LaneTask): Promise<LaneReply> {
  const model = allModels.get(task.model);
  if (!model) return { error: `There is no model ${task.model}` };
  return model.embedCounted(task.texts);
}

function reply(work: Promise<LaneReply>): void {
  work.catch((error: Error): LaneReply => ({ error: error.message })).then((message) => parentPort?.postMessage(message));
}

async function loadAll(): Promise<LaneReply> {
  for (const model of allModels.values()) await model.embed(['load']);
  return 'ready';
}

parentPort?.on('message', (task: LaneTask) => reply(answer(task)));
reply(loadAll());
