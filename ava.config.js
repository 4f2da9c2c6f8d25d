// Node 24 runs TypeScript as it is; test files run in processes of their own, because each has a database of its own.
export default {
  files: ['test/**/*.test.ts'],
  extensions: { ts: 'module' },
  workerThreads: false,
  concurrency: 2,
  timeout: '4m',
};
