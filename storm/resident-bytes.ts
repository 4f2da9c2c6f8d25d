import { readFileSync } from 'node:fs';

/** Resident set size of a process in bytes, from /proc; 0 if the process has ended, and on systems without /proc. */
export function residentBytes(pid: number | undefined): number {
  try {
    return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
