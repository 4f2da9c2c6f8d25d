import { mkdirSync, statSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * Caches compiled code, which halves the start-up time. The folder has to belong to the user, because code in it runs
 * as the user; without such a folder nothing is cached. NODE_COMPILE_CACHE takes precedence; Node handles it.
 */
export function keepCompiledCode(): void {
  if (process.env.NODE_COMPILE_CACHE) return;
  const folder = join(cacheHome(), 'pg-reembed', 'compiled');
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (isOwn(folder)) enableCompileCache(folder);
  } catch {
    // The home directory is missing or read-only: every start compiles again.
  }
}

function cacheHome(): string {
  if (process.platform === 'win32') return process.env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local');
  return process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
}

/** Whether only this user and root can write to the folder. */
function isOwn(folder: string): boolean {
  const { uid, mode } = statSync(folder);
  return process.getuid === undefined || (uid === process.getuid() && (mode & 0o022) === 0);
}
