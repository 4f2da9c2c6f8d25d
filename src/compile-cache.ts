import { mkdirSync, statSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * Keeps compiled code for the next start, which halves it: in a folder of the user's own, because whoever can write there has code run
 * as the user. Without such a folder nothing is kept. NODE_COMPILE_CACHE comes first; Node takes it on its own.
 */
export function keepCompiledCode(): void {
  if (process.env.NODE_COMPILE_CACHE) return;
  const folder = join(cacheHome(), 'pg-reembed', 'compiled');
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (isOwn(folder)) enableCompileCache(folder);
  } catch {
    // A home that is read-only, or none: every start compiles anew.
  }
}

function cacheHome(): string {
  if (process.platform === 'win32') return process.env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local');
  return process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
}

/** Whether nobody but this user and root can write there. */
function isOwn(folder: string): boolean {
  const { uid, mode } = statSync(folder);
  return process.getuid === undefined || (uid === process.getuid() && (mode & 0o022) === 0);
}
