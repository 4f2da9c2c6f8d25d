import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { install } from './installation.ts';
import type { Page } from './page.ts';

/** A process that runs the functions of a page, as a deployment of the application does. */
export interface Deployment {
  /** calls a function of a file of the page; rejects with what it throws */
  call<T>(module: string, name: string, ...values: unknown[]): Promise<T>;
  stop(): void;
}

/** The files of a page, installed and ready to be deployed several times with different environments. */
export interface Program {
  deploy(env: Record<string, string>): Deployment;
  remove(): void;
}

/** Writes the files of a page to a folder of their own, with its packages. */
export async function prepareProgram(page: Page): Promise<Program> {
  const installed = await install(page);
  const folder = mkdtempSync(join(tmpdir(), `reembed-recipe-${page.name}-`));
  for (const [name, text] of page.files) writeFileSync(join(folder, name), text);
  if ('nodeModules' in installed) {
    symlinkSync(installed.nodeModules, join(folder, 'node_modules'));
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }));
  }
  const [command, driver] = 'interpreter' in installed ? [installed.interpreter, 'driver.py'] : [process.execPath, 'driver.ts'];
  const running = new Set<Deployment>();
  return {
    deploy(env) {
      const child = spawn(command, [fileURLToPath(new URL(driver, import.meta.url))], {
        cwd: folder,
        env: { PATH: process.env.PATH ?? '', HOME: folder, NODE_NO_WARNINGS: '1', PYTHONDONTWRITEBYTECODE: '1', ...env },
        stdio: ['pipe', 'pipe', 'pipe'],
      });
      const deployment = talkTo(child);
      running.add(deployment);
      return deployment;
    },
    remove() {
      for (const deployment of running) deployment.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

interface Answer {
  result?: unknown;
  error?: string;
  trace?: string;
}

function talkTo(child: ChildProcess): Deployment {
  const waiting: { resolve: (result: unknown) => void; reject: (error: Error) => void }[] = [];
  let said = '';
  child.stderr?.on('data', (chunk) => {
    said = (said + chunk).slice(-4000);
  });
  if (child.stdout) {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const { result, error, trace } = JSON.parse(line) as Answer;
      const next = waiting.shift();
      if (error === undefined) next?.resolve(result);
      else next?.reject(new Error(error, { cause: trace }));
    });
  }
  child.on('close', () => {
    for (const { reject } of waiting.splice(0)) reject(new Error(`the program ended: ${said}`));
  });
  return {
    call<T>(module: string, name: string, ...values: unknown[]) {
      return new Promise<T>((resolve, reject) => {
        waiting.push({ resolve: resolve as (result: unknown) => void, reject });
        child.stdin?.write(`${JSON.stringify({ module, function: name, arguments: values })}\n`);
      });
    },
    stop: () => child.kill('SIGKILL'),
  };
}
