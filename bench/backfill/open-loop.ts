import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';

/** Latencies of one kind of operation, in milliseconds from the time it was due. */
export interface Latency {
  count: number;
  failed: number;
  p50: number;
  p95: number;
  p99: number;
  highest: number;
}

/** Performs one operation; throws when it fails. */
export type Operation = () => Promise<void>;

/** A running open loop. */
export interface OpenLoop {
  /** schedules no further operation; resolves when all due operations are done */
  stop(): Promise<Latency>;
}

const TICK_MS = 2;

/**
 * Performs operations at a fixed rate, whether or not earlier ones have finished. The time that an operation waits for
 * a free client counts as latency. (A closed loop, which sends the next operation after an answer, would measure least
 * exactly when the latency is worst.)
 *
 * @param rate operations per second, over all clients
 * @param clients each performs one operation at a time
 * @param onLatency called with the latency of each operation, in microseconds
 */
export function startOpenLoop(rate: number, clients: readonly Operation[], onLatency: (microseconds: number) => void = () => {}): OpenLoop {
  const histogram = createHistogram();
  const free = [...clients];
  const due: number[] = [];
  const underWay = new Set<Promise<void>>();
  const startedAt = performance.now();
  let scheduled = 0;
  let failed = 0;

  const perform = async (client: Operation) => {
    for (let at = due.shift(); at !== undefined; at = due.shift()) {
      try {
        await client();
        const microseconds = Math.max(1, Math.round((performance.now() - at) * 1000));
        histogram.record(microseconds);
        onLatency(microseconds);
      } catch {
        failed += 1;
      }
    }
    free.push(client);
  };
  const tick = () => {
    for (; startedAt + (scheduled * 1000) / rate <= performance.now(); scheduled++) due.push(startedAt + (scheduled * 1000) / rate);
    while (due.length > 0 && free.length > 0) {
      const work = perform(free.pop() as Operation);
      underWay.add(work);
      work.finally(() => underWay.delete(work));
    }
  };
  const ticking = setInterval(tick, TICK_MS);
  return {
    async stop() {
      clearInterval(ticking);
      await Promise.all(underWay);
      return summarise(histogram, failed);
    },
  };
}

function summarise(histogram: RecordableHistogram, failed: number): Latency {
  const milliseconds = (microseconds: number) => (histogram.count === 0 ? 0 : microseconds / 1000);
  return {
    count: histogram.count,
    failed,
    p50: milliseconds(histogram.percentile(50)),
    p95: milliseconds(histogram.percentile(95)),
    p99: milliseconds(histogram.percentile(99)),
    highest: milliseconds(histogram.max),
  };
}
