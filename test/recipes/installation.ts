import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Page } from './page.ts';

const run = promisify(execFile);

/** Folder that belongs to this user: what is installed there is run. */
const CACHE = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'pg-reembed', 'recipes');

/**
 * Installs the packages of a page, unless they are there from an earlier run.
 *
 * @returns folder of the installation: a virtual environment of Python, or a folder with node_modules
 */
export async function install({ name, packages }: Page): Promise<string> {
  if (!packages) throw new Error(`${name}.md has no line "pip install …" or "npm install …"`);
  const digest = createHash('sha256').update(JSON.stringify(packages)).digest('hex').slice(0, 12);
  const folder = join(CACHE, `${packages.installer}-${digest}`);
  if (existsSync(join(folder, '.complete'))) return folder;
  mkdirSync(CACHE, { recursive: true, mode: 0o700 });
  if (packages.installer === 'pip') {
    // A virtual environment contains its own path, so it cannot be renamed when it is complete.
    rmSync(folder, { recursive: true, force: true });
    await run('python3', ['-m', 'venv', folder]);
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-compile', '--only-binary', ':all:'];
    await run(join(folder, 'bin', 'python'), [...pip, ...packages.names]);
    writeFileSync(join(folder, '.complete'), '');
    return folder;
  }
  const unfinished = mkdtempSync(`${folder}-`);
  writeFileSync(join(unfinished, 'package.json'), JSON.stringify({ name: 'recipe', private: true, type: 'module' }));
  await run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--prefix', unfinished, ...packages.names]);
  writeFileSync(join(unfinished, '.complete'), '');
  renameSync(unfinished, folder);
  return folder;
}
