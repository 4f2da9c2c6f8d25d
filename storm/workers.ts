import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Draw } from './draw.ts';
import { residentBytes } from './resident-bytes.ts';
import type { World } from './world.ts';

/** Worker processes that are restarted whenever one ends, as a supervisor would do. */
export interface WorkerFleet {
  /** kills one immediately */
  kill(draw: Draw): void;
  /** sends one a SIGTERM and records how long it takes to end */
  terminate(draw: Draw): void;
  /** suspends one for some milliseconds, whatever locks it holds, then resumes it */
  freeze(draw: Draw, milliseconds: number): void;
  /** longest time between SIGTERM and the end of a worker, in milliseconds */
  longestDrain: number;
  /** largest resident set size of a worker, in bytes */
  peakMemory: number;
  /** ends all of them permanently */
  close(): Promise<void>;
}

const SIGNS_OF_A_BUG = /a bug in pg-reembed|TypeError|ReferenceError|UnhandledPromise|ERR_UNHANDLED/;

export function startWorkers(world: World, count: number): WorkerFleet {
  const running = new Map<number, ChildProcess>();
  const frozen = new Set<ChildProcess>();
  let isClosing = false;
  const fleet: WorkerFleet = {
    longestDrain: 0,
    peakMemory: 0,
    kill: (draw) => void pick(draw)?.kill('SIGKILL'),
    terminate(draw) {
      const child = pick(draw);
      if (!child) return;
      const askedAt = Date.now();
      const isFrozen = frozen.has(child);
      child.once('exit', (code, signal) => {
        const milliseconds = Date.now() - askedAt;
        if (!isFrozen) fleet.longestDrain = Math.max(fleet.longestDrain, milliseconds);
        world.log(`${isFrozen ? 'frozen ' : ''}worker ${child.pid} ended ${milliseconds} ms after SIGTERM: ${code ?? signal}`);
      });
      child.kill('SIGTERM');
    },
    freeze(draw, milliseconds) {
      const child = pick(draw);
      if (!child) return;
      child.kill('SIGSTOP');
      frozen.add(child);
      setTimeout(() => {
        child.kill('SIGCONT');
        frozen.delete(child);
      }, milliseconds);
    },
    async close() {
      isClosing = true;
      clearInterval(watching);
      for (const child of running.values()) {
        child.kill('SIGCONT');
        child.kill('SIGKILL');
      }
      await Promise.all(slots);
    },
  };
  const watching = setInterval(() => {
    for (const { pid } of running.values()) fleet.peakMemory = Math.max(fleet.peakMemory, residentBytes(pid));
  }, 1000);
  const slots = Array.from({ length: count }, (_, slot) => keepRunning(slot));
  return fleet;

  function pick(draw: Draw): ChildProcess | undefined {
    return running.size > 0 ? draw.pick([...running.values()]) : undefined;
  }

  async function keepRunning(slot: number): Promise<void> {
    while (!isClosing) {
      const child = world.workplace.start(['worker', '--concurrency', '2']);
      running.set(slot, child);
      let stderr = '';
      child.stderr?.on('data', (chunk) => {
        stderr = (stderr + chunk).slice(-20_000);
      });
      child.stdout?.resume();
      const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
      running.delete(slot);
      if (code === 70 || SIGNS_OF_A_BUG.test(stderr)) world.bugs.add(`a worker ended with ${code}: ${stderr.slice(-2000)}`);
      if (!isClosing && code !== 0 && code !== null)
        world.log(`worker ended with ${code}: ${stderr.trim().split('\n').slice(-2).join(' | ')}`);
      await sleep(200);
    }
  }
}
