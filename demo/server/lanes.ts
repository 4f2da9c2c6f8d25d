import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { microBatches, type PlacedText } from '../models/micro-batches.ts';
import type { Embedded } from '../models/model.ts';
import type { LaneReply, LaneTask } from './lane.ts';

// Each lane holds both models: about 150 MB.
const MOST_LANES = 4;

/** Threads that compute in parallel, each with its own copy of every model. */
export interface Lanes {
  /** Embeds texts on the free lanes. Work that has not started is dropped when `signal` aborts. */
  embed(model: string, texts: string[], signal?: AbortSignal): Promise<Embedded>;
  close(): Promise<void>;
}

interface Job extends Embedded {
  model: string;
  waiting: PlacedText[][];
  unfinished: number;
  resolve(result: Embedded): void;
  reject(reason: unknown): void;
}

/** Starts a lane for each core and loads the models. */
export async function startLanes(count = Math.min(availableParallelism(), MOST_LANES)): Promise<Lanes> {
  const workers = Array.from({ length: count }, () => new Worker(new URL('lane.ts', import.meta.url)));
  const idle = new Set<Worker>();
  const queries: Job[] = [];
  const backlog: Job[] = [];

  function nextBatch(): { job: Job; batch: PlacedText[] } | undefined {
    const job = queries.shift() ?? backlog.shift();
    if (!job) return undefined;
    const batch = job.waiting.shift();
    // A request that was aborted or has failed has no waiting work any more.
    if (!batch) return nextBatch();
    // Goes to the end of the queue, so that long and short requests take turns.
    if (job.waiting.length > 0) backlog.push(job);
    return { job, batch };
  }

  function dispatch(): void {
    for (const worker of idle) {
      const next = nextBatch();
      if (!next) return;
      idle.delete(worker);
      compute(worker, next.job, next.batch).then(() => {
        idle.add(worker);
        dispatch();
      });
    }
  }

  try {
    await Promise.all(workers.map(replyOf));
  } catch (error) {
    await Promise.all(workers.map((worker) => worker.terminate()));
    throw error;
  }
  for (const worker of workers) {
    // A lane replies with its errors; a lane that dies instead is a bug, and ends the process.
    worker.once('error', (error) => {
      throw error;
    });
    idle.add(worker);
  }

  return {
    async embed(model, texts, signal) {
      if (texts.length === 0) return { vectors: [], tokens: 0 };
      const { promise, resolve, reject } = Promise.withResolvers<Embedded>();
      const waiting = microBatches(texts);
      const job: Job = { model, waiting, unfinished: waiting.length, vectors: [], tokens: 0, resolve, reject };
      signal?.addEventListener('abort', () => fail(job, signal.reason));
      // A single text is most likely a search that a user waits for; several are a backfill.
      (texts.length === 1 ? queries : backlog).push(job);
      dispatch();
      return promise;
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}

async function compute(worker: Worker, job: Job, batch: PlacedText[]): Promise<void> {
  const task: LaneTask = { model: job.model, texts: batch.map(({ text }) => text) };
  const reply = replyOf(worker);
  worker.postMessage(task);
  try {
    const { vectors, tokens } = (await reply) as Embedded;
    vectors.forEach((vector, position) => {
      const placed = batch[position];
      if (placed) job.vectors[placed.index] = vector;
    });
    job.tokens += tokens;
    job.unfinished -= 1;
    if (job.unfinished === 0) job.resolve({ vectors: job.vectors, tokens: job.tokens });
  } catch (error) {
    fail(job, error);
  }
}

function fail(job: Job, reason: unknown): void {
  job.waiting.length = 0;
  job.reject(reason);
}

async function replyOf(worker: Worker): Promise<LaneReply> {
  const [reply] = (await once(worker, 'message')) as [LaneReply];
  if (typeof reply === 'object' && 'error' in reply) throw new Error(reply.error);
  return reply;
}
