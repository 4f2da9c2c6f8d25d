import { writeFileSync } from 'node:fs';

// Loaded into a worker by NODE_OPTIONS: at its end the process itself knows best what it took.
process.on('exit', () => {
  const file = process.env.BENCH_USAGE_FILE;
  if (file) writeFileSync(file, JSON.stringify(process.resourceUsage()));
});
