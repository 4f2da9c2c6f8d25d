import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Page } from './page.ts';

const run = promisify(execFile);
const PYTHON = fileURLToPath(new URL('../../.ci/python', import.meta.url));

/** Folder that belongs to this user: what is installed there is run. */
const CACHE = process.env.PG_REEMBED_CACHE || join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'pg-reembed');

/** What runs the files of a page. */
export type Installation = { interpreter: string } | { nodeModules: string };

/** Installs the packages of a page, unless they are there from an earlier run. */
export async function install({ name, packages }: Page): Promise<Installation> {
  if (!packages) throw new Error(`${name}.md has no line "pip install …" or "npm install …"`);
  if (packages.installer === 'npm') return { nodeModules: await installFromNpm(packages.names) };
  const { stdout } = await run('bash', [PYTHON, ...packages.names]);
  return { interpreter: stdout.trim() };
}

async function installFromNpm(packages: string[]): Promise<string> {
  const folder = join(CACHE, `node-${createHash('sha256').update(packages.join('\n')).digest('hex').slice(0, 12)}`);
  if (!existsSync(folder)) {
    mkdirSync(CACHE, { recursive: true, mode: 0o700 });
    const unfinished = mkdtempSync(`${folder}-`);
    writeFileSync(join(unfinished, 'package.json'), JSON.stringify({ name: 'recipe', private: true, type: 'module' }));
    await run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--prefix', unfinished, ...packages]);
    renameSync(unfinished, folder);
  }
  return join(folder, 'node_modules');
}
