import { readdirSync, readFileSync, readlinkSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';

const HEARTBEAT_MS = 10_000;
const HEARTBEAT_LOST_MS = 60_000;
const WRITING_MS = 5_000;

/** A lock on a folder, held until it is released or its process ends, even by a crash. */
export interface Lock {
  release(): void;
}

/** The process that holds a lock. */
export interface LockHolder {
  pid: number;
  /** host and process namespace, within which the pid is valid */
  place: string;
  /** start time of the process in the kernel's unit, to detect a reused pid; null where the system does not provide it */
  born: string | null;
}

/**
 * Takes the named lock in a folder, without waiting.
 *
 * Each attempt creates the file with the next number with 'wx', which only one process can do. Only the process that takes the next number
 * removes the newest file, so a process that read an outdated state cannot take a held lock.
 *
 * @param directory existing folder
 * @param name prefix of the file's name
 * @returns the lock, or the process that holds it
 */
export function takeLock(directory: string, name: string): Lock | LockHolder {
  for (;;) {
    const newest = numbers(directory, name)[0] ?? 0;
    const holder = newest > 0 ? holderOf(join(directory, `${name}.${newest}`)) : undefined;
    if (holder) return holder;
    const file = join(directory, `${name}.${newest + 1}`);
    try {
      writeFileSync(file, JSON.stringify(thisProcess()), { flag: 'wx' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') continue;
      throw error;
    }
    const [first, ...older] = numbers(directory, name);
    // Other processes have used this number and higher ones since this process listed the files.
    if (first !== newest + 1) {
      rmSync(file, { force: true });
      continue;
    }
    for (const number of older) rmSync(join(directory, `${name}.${number}`), { force: true });
    let released = false;
    const heartbeat = setInterval(() => touch(file), HEARTBEAT_MS).unref();
    return {
      release() {
        if (released) return;
        released = true;
        clearInterval(heartbeat);
        try {
          writeFileSync(file, '{}');
        } catch {
          // The folder was deleted, and the lock with it.
        }
      },
    };
  }
}

/** Whether the process still runs. A process on another host or in another namespace counts as running. */
export function isAlive({ pid, place: where, born }: LockHolder): boolean {
  if (where !== place()) return true;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return born === null || born === bornOf(pid);
}

/** Describes this process as a holder. */
export function thisProcess(): LockHolder {
  return { pid: process.pid, place: place(), born: bornOf(process.pid) };
}

function numbers(directory: string, name: string): number[] {
  return readdirSync(directory)
    .filter((entry) => entry.startsWith(`${name}.`) && /^\d+$/.test(entry.slice(name.length + 1)))
    .map((entry) => Number(entry.slice(name.length + 1)))
    .sort((a, b) => b - a);
}

function holderOf(file: string): LockHolder | undefined {
  try {
    const { mtimeMs } = statSync(file);
    const text = readFileSync(file, 'utf8');
    // Created, but not written yet.
    if (text === '') return Date.now() - mtimeMs < WRITING_MS ? { pid: 0, place: '', born: null } : undefined;
    const holder = JSON.parse(text) as Partial<LockHolder>;
    if (typeof holder.pid !== 'number' || typeof holder.place !== 'string') return undefined;
    const complete = { pid: holder.pid, place: holder.place, born: holder.born ?? null };
    // Processes of another host or container are not visible from here, but the heartbeat of their lock file is.
    if (complete.place !== place()) return Date.now() - mtimeMs < HEARTBEAT_LOST_MS ? complete : undefined;
    return isAlive(complete) ? complete : undefined;
  } catch {
    return undefined;
  }
}

function touch(file: string): void {
  try {
    utimesSync(file, new Date(), new Date());
  } catch {
    // The lock file is gone, so there is no heartbeat to write.
  }
}

function place(): string {
  try {
    return `${hostname()} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return hostname();
  }
}

function bornOf(pid: number): string | null {
  try {
    // Field 22, counted after the command name, which may contain spaces and brackets.
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ')[19] ?? null;
  } catch {
    return null;
  }
}
