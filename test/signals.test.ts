import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { constants, getPriority } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { createDocuments } from './harness/documents.ts';
import { createStage } from './harness/stage.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

test('npm run worker runs at a lower priority, and SIGTERM reaches it and ends it after its batches', async (t) => {
  const stage = await createStage();
  t.teardown(stage.close);
  await createDocuments(stage.db.pool, 20);
  await stage.createUsual();
  await stage.up(2);
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: process.env.HOME ?? '',
    OPENAI_API_KEY: 'test',
    OPENAI_BASE_URL: stage.provider.url,
    ...stage.db.env,
  };
  const npm = spawn('npm', ['run', 'worker'], { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  t.teardown(() => endGroup(npm));
  let words = '';
  for (const stream of [npm.stdout, npm.stderr]) stream.on('data', (chunk) => (words += chunk));
  const exited = once(npm, 'exit');
  await until(
    () => /worker started/.test(words),
    () => words,
  );
  const workers = descendantsOf(npm.pid ?? 0);
  t.is(Math.max(...workers.map((pid) => getPriority(pid))), Math.max(constants.priority.PRIORITY_BELOW_NORMAL, getPriority()));
  npm.kill('SIGTERM');
  await Promise.race([exited, sleep(60_000, undefined, { ref: false })]);
  t.regex(words, /finishing the batches in progress/);
  await until(
    () => workers.every((pid) => !isRunning(pid)),
    () => `still running: ${workers.filter(isRunning).join(', ')}; ${words}`,
  );
});

/** Processes below a process, as Linux lists them. */
function descendantsOf(pid: number): number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
    return children.flatMap((child) => [child, ...descendantsOf(child)]);
  } catch {
    return [];
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function endGroup({ pid }: ChildProcess): void {
  try {
    if (pid) process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

async function until(isSo: () => boolean, describe: () => string): Promise<void> {
  for (const giveUpAt = Date.now() + 60_000; !isSo(); await sleep(100)) if (Date.now() > giveUpAt) throw new Error(describe());
}
