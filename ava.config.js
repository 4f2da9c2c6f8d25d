import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { filesOf } from './test/lanes.ts';

// Node 24 runs TypeScript as it is; test files run in processes of their own, because each has a database of its own.
export default {
  files: filesOf(process.env.TEST_LANE),
  extensions: { ts: 'module' },
  workerThreads: false,
  // A file waits for its server, its queue and its timers for more than half of its time.
  concurrency: availableParallelism() + 1,
  // The suite starts the command more than a thousand times; compiling it anew each time took a third of that.
  environmentVariables: { NODE_COMPILE_CACHE: join(tmpdir(), 'pg-reembed-test-compile-cache') },
  timeout: '4m',
};
