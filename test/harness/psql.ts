import { execFile, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const OWN_SERVERS = fileURLToPath(new URL('../../.ci/postgres', import.meta.url));
const CANDIDATES = [['psql'], ['bash', OWN_SERVERS, 'run', '17', 'psql'], ['bash', OWN_SERVERS, 'run', '18', 'psql']];

/** Runs psql with a script and variables on a database; returns its output, unaligned and without headings. */
export type Psql = (url: string, script: string, variables?: Record<string, string>) => Promise<{ stdout: string; stderr: string }>;

/** psql of this machine, or of the servers installed by .ci/postgres; undefined if there is none. */
export function findPsql(): Psql | undefined {
  const command = CANDIDATES.find(([program = '', ...args]) => spawnSync(program, [...args, '--version']).status === 0);
  if (!command) return undefined;
  const [program = '', ...before] = command;
  return async (url, script, variables = {}) => {
    const set = Object.entries(variables).flatMap(([name, value]) => ['-v', `${name}=${value}`]);
    const running = promisify(execFile)(program, [...before, '-XqAt', '-v', 'VERBOSITY=verbose', ...set, '-d', url, '-f', '-']);
    running.child.stdin?.end(script);
    const { stdout, stderr } = await running;
    return { stdout: stdout.trim(), stderr };
  };
}
