import { tmpdir } from 'node:os';
import { join } from 'node:path';

// Node 24 runs TypeScript as it is; test files run in processes of their own, because each has a database of its own.
export default {
  files: ['test/**/*.test.ts'],
  extensions: { ts: 'module' },
  workerThreads: false,
  concurrency: 2,
  // The suite starts the command more than a thousand times; compiling it anew each time took a third of that.
  environmentVariables: { NODE_COMPILE_CACHE: join(tmpdir(), 'pg-reembed-test-compile-cache') },
  timeout: '4m',
};
