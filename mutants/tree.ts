import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A copy of the project that may be spoilt, to run tests in. */
export interface Tree {
  directory: string;
  /** runs tests of one file on the server of TEST_DATABASE_URL */
  run(test: string, titles: string[]): Promise<TestRun>;
  /** ends what still runs in it and takes it away */
  remove(): void;
}

/** What came of tests. */
export interface TestRun {
  passed: string[];
  failed: string[];
  /** everything that ava said, as TAP */
  output: string;
}

// What hangs for longer was not foreseen; the tests that wait for something give up earlier.
const LONGEST_RUN_MS = 240_000;
const NOT_COPIED = new Set(['node_modules', '.git', 'dist', '.reembed', '.env']);

/** @param root folder of the project */
export function copyTree(root: string): Tree {
  const directory = mkdtempSync(join(tmpdir(), 'reembed-mutants-'));
  cpSync(root, directory, { recursive: true, filter: (path) => !NOT_COPIED.has(path.slice(root.length).replace(/^\//, '')) });
  symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'));
  const running = new Set<ChildProcess>();
  // A group of its own: ava and the workers that tests start end with it.
  const end = ({ pid }: ChildProcess) => {
    try {
      if (pid !== undefined) process.kill(-pid, 'SIGKILL');
    } catch {
      // It has ended already.
    }
  };
  return {
    directory,
    async run(test, titles) {
      const args = [
        'node_modules/ava/entrypoints/cli.mjs',
        '--tap',
        `test/${test}.test.ts`,
        ...titles.flatMap((title) => ['--match', title]),
      ];
      const child = spawn(process.execPath, args, { cwd: directory, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
      running.add(child);
      let output = '';
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (chunk: string) => {
          output += chunk;
        });
      }
      const tooLong = setTimeout(() => end(child), LONGEST_RUN_MS);
      await once(child, 'close');
      clearTimeout(tooLong);
      end(child);
      running.delete(child);
      const named = (verdict: RegExp) =>
        titles.filter((title) => output.split('\n').some((line) => verdict.test(line) && line.endsWith(` - ${title}`)));
      return { passed: named(/^ok \d/), failed: named(/^not ok \d/), output };
    },
    remove() {
      for (const child of running) end(child);
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
