import { existsSync } from 'node:fs';
import { messageOf, UsageError } from './errors.ts';

/** Name of the file of environment variables in the working directory. */
export const ENV_FILE = '.env';

/**
 * Reads `.env`, if there is one. What the environment already has takes precedence.
 *
 * @throws UsageError when it is no file that this user may read
 */
export function loadEnvFile(): void {
  if (!existsSync(ENV_FILE)) return;
  try {
    process.loadEnvFile(ENV_FILE);
  } catch (error) {
    throw new UsageError(`${ENV_FILE} cannot be read: ${messageOf(error)}`, `correct ${ENV_FILE}, or remove it`);
  }
}
