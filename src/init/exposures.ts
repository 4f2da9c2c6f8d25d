import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';

/** Variables whose values are secrets, or contain one. */
const SECRET = /_KEY$|^DATABASE_(DIRECT_)?URL$/;
const OTHERS_READ = 0o044;

/** How others could read the secrets of a file, each as a sentence with its remedy. */
export function exposures(file: string, variables: ReadonlyMap<string, string>): string[] {
  if (![...variables.keys()].some((name) => SECRET.test(name))) return [];
  const warnings: string[] = [];
  if (process.platform !== 'win32' && (statSync(file).mode & OTHERS_READ) !== 0)
    warnings.push(`warning: other users of this machine may read ${file}: chmod 600 ${file}`);
  // 1: not ignored. 128, or no git at all: nothing to commit it to.
  if (spawnSync('git', ['check-ignore', '--quiet', file], { stdio: 'ignore' }).status === 1)
    warnings.push(`warning: git does not ignore ${file}, which would be committed: add it to .gitignore`);
  return warnings;
}
