import { writeFileSync } from 'node:fs';

// Loaded into a worker by NODE_OPTIONS: at its exit the process reports its own resource usage, which is the most accurate.
process.on('exit', () => {
  const file = process.env.BENCH_USAGE_FILE;
  if (file) writeFileSync(file, JSON.stringify(process.resourceUsage()));
});
