/** Exit code of a command that was interrupted, as shells report SIGINT. */
export const INTERRUPTED = 130;

/** The wish of a user, or of what runs the process, that a command ends. */
export interface Interruption {
  /** aborted at the first signal */
  signal: AbortSignal;
  /** stops listening: the next signal ends the process as usual */
  release(): void;
}

/**
 * Listens for SIGINT and SIGTERM. The first one is answered at once and lets the batches in progress finish; the second one ends the process.
 *
 * @param say prints the answer
 */
export function listenForInterruption(say: (line: string) => void): Interruption {
  const interrupted = new AbortController();
  const interrupt = () => {
    // The ledger makes sure that unfinished batches are processed later.
    if (interrupted.signal.aborted) process.exit(INTERRUPTED);
    say('finishing the batches in progress; a second signal stops at once');
    interrupted.abort();
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  return {
    signal: interrupted.signal,
    release() {
      process.off('SIGINT', interrupt);
      process.off('SIGTERM', interrupt);
    },
  };
}
