import { parentPort } from 'node:worker_threads';
import { allModels } from '../models/all-models.ts';
import type { Embedded } from '../models/model.ts';

/** A task of a lane: one small batch for one model. */
export interface LaneTask {
  model: string;
  texts: string[];
}

/** A message of a lane: first that its models are loaded (or why not), then one result or error per task. */
export type LaneReply = 'ready' | Embedded | { error: string };

// A thread of the embedding server. ONNX Runtime computes on the calling thread, even behind a promise, so each core
// that should compute needs a thread of its own.
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
