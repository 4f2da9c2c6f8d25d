import { constants, getPriority, setPriority } from 'node:os';

/**
 * Gives way to other processes of the host: the server's and the application's searches come first. A priority that is lower already is kept,
 * because it was somebody's decision, and only root may raise it.
 */
export function lowerPriority(): void {
  const wanted = constants.priority.PRIORITY_BELOW_NORMAL;
  try {
    if (getPriority() < wanted) setPriority(wanted);
  } catch {
    // A sandbox may forbid it.
  }
}
