import { cpus } from 'node:os';

/** Begins to watch the processors of this machine; the function returns the share of their time that was used since then. */
export function watchProcessors(): () => number {
  const before = read();
  return () => {
    const after = read();
    return (after.busy - before.busy) / (after.total - before.total);
  };
}

function read(): { busy: number; total: number } {
  const times = cpus().map(({ times }) => times);
  const idle = times.reduce((sum, time) => sum + time.idle, 0);
  const total = times.reduce((sum, { user, nice, sys, idle, irq }) => sum + user + nice + sys + idle + irq, 0);
  return { busy: total - idle, total };
}
