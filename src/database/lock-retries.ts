import pRetry from 'p-retry';
import { isLockFailure, LockNotAvailable } from './database-error.ts';

const ATTEMPTS = 10;

/**
 * Runs work that takes locks under a short lock_timeout. When a lock is not granted, it retries after a random pause, up to ATTEMPTS times
 * in all. The work must undo its changes when it fails.
 *
 * @param what name of the work in the notice about a failed attempt
 * @throws LockNotAvailable after the last attempt
 */
export async function withLockRetries<T>(work: () => Promise<T>, what: string, notice: (line: string) => void): Promise<T> {
  return pRetry(work, {
    retries: ATTEMPTS - 1,
    minTimeout: 200,
    maxTimeout: 3000,
    randomize: true,
    shouldRetry: ({ error }) => isLockFailure(error),
    onFailedAttempt: ({ error, attemptNumber }) => {
      if (isLockFailure(error)) notice(`${what}: a lock was not granted in time (try ${attemptNumber} of ${ATTEMPTS}); rolled back`);
    },
  }).catch((error) => {
    throw isLockFailure(error) ? new LockNotAvailable(ATTEMPTS, error) : error;
  });
}
