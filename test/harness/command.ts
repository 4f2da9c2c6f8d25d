import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const CLI = fileURLToPath(new URL('../../src/cli.ts', import.meta.url));

// ava starts all tests of a file together; more processes than this would only wait for each other.
const AT_ONCE = 2;
let running = 0;
const queue: (() => void)[] = [];

/** The result of a command. */
export interface CommandResult {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs `reembed …` in a separate process, as a user would. */
export type Run = (args: string[], env?: Record<string, string>) => Promise<CommandResult>;

/** A working directory with migration files of its own, and the commands run in it. */
export interface Workplace {
  directory: string;
  /** environment of its commands */
  env: Record<string, string>;
  /** path of the command */
  cli: string;
  run: Run;
  /** starts a command that runs until it is killed */
  start(args: string[], env?: Record<string, string>): ChildProcess;
  /** ends all remaining processes, so that a failed test does not block the others */
  remove(): void;
}

/**
 * @param env environment of every command; no setting of this process is inherited
 * @param cli the command, if it is not that of this folder
 */
export function createWorkplace(env: Record<string, string>, cli = CLI): Workplace {
  const directory = mkdtempSync(join(tmpdir(), 'reembed-test-'));
  const base = {
    PATH: process.env.PATH ?? '',
    HOME: process.env.HOME ?? '',
    NODE_NO_WARNINGS: '1',
    NO_COLOR: '1',
    npm_lifecycle_event: 'test',
  };
  const cache = process.env.NODE_COMPILE_CACHE;
  const whole = { ...base, ...(cache ? { NODE_COMPILE_CACHE: cache } : {}), ...env };
  const children = new Set<ChildProcess>();
  const start = (args: string[], more: Record<string, string> = {}) => {
    const options = {
      cwd: directory,
      env: { ...whole, ...more },
      stdio: ['ignore', 'pipe', 'pipe'] as ['ignore', 'pipe', 'pipe'],
    };
    const child = spawn(process.execPath, [cli, ...args], options);
    children.add(child);
    child.once('exit', () => children.delete(child));
    return child;
  };
  return {
    directory,
    env: whole,
    cli: CLI,
    start,
    async run(args, more) {
      if (running >= AT_ONCE) await new Promise<void>((resolve) => queue.push(resolve));
      running += 1;
      return new Promise<CommandResult>((resolve, reject) => {
        const child = start(args, more);
        let stdout = '';
        let stderr = '';
        child.stdout?.on('data', (chunk) => {
          stdout += chunk;
        });
        child.stderr?.on('data', (chunk) => {
          stderr += chunk;
        });
        child.on('error', reject);
        child.on('close', (code) => resolve({ code, stdout, stderr }));
      }).finally(() => {
        running -= 1;
        queue.shift()?.();
      });
    },
    remove() {
      for (const child of children) child.kill('SIGKILL');
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** The exit code of a process. */
export async function exitOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.exitCode;
}
