import { counted } from '../wording.ts';

/** Whether a worker process takes part in the work. */
export interface Readiness {
  lookedForWork(): void;
  queueFailed(): void;
  /** why it is not ready; undefined when it is */
  readonly obstacle: string | undefined;
}

// A worker looks for work twice a second. A pass may wait for a busy database.
const LONGEST_PASS_MS = 15_000;
// A queue that fails is asked again at least every two seconds.
const QUEUE_RECOVERS_MS = 5000;

/**
 * A worker is ready while it reaches the database, finds its work there and takes jobs from the queue. A pause or a provider that does not
 * answer is no reason to call it unready: it does what it can, and restarting it would not help.
 *
 * @param stopping once aborted, it takes no more work
 */
export function createReadiness(stopping: AbortSignal, now: () => number = () => performance.now()): Readiness {
  let lookedAt: number | undefined;
  let failedAt = Number.NEGATIVE_INFINITY;
  return {
    lookedForWork() {
      lookedAt = now();
    },
    queueFailed() {
      failedAt = now();
    },
    get obstacle() {
      if (stopping.aborted) return 'stopping';
      if (lookedAt === undefined) return 'starting';
      const since = now() - lookedAt;
      if (since > LONGEST_PASS_MS) return `no work could be looked for in ${counted(Math.round(since / 1000), 'second')}`;
      return now() - failedAt < QUEUE_RECOVERS_MS ? 'the queue fails' : undefined;
    },
  };
}
