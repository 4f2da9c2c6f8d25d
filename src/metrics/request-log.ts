import type { Queryable } from '../database/connection.ts';
import type { RequestOutcome } from './work-monitor.ts';

/** How the requests of this process to the providers of models ended, for the table that all workers share. */
export interface RequestLog {
  /** Counts a request. Never throws or waits. */
  requested(model: string, outcome: RequestOutcome): void;
  /** Adds what was counted since the last call to reembed.provider_minute. Never rejects: figures for a chart must not stop the work. */
  record(db: Queryable): Promise<void>;
}

interface Count {
  answered: number;
  overloaded: number;
  failed: number;
  seconds: number;
  slowest_seconds: number;
}

/** Starts at zero. */
export function createRequestLog(): RequestLog {
  let counts = new Map<string, Count>();
  return {
    requested(model, outcome) {
      const count = counts.get(model) ?? { answered: 0, overloaded: 0, failed: 0, seconds: 0, slowest_seconds: 0 };
      counts.set(model, count);
      count[outcome.kind] += 1;
      if (outcome.kind !== 'answered') return;
      count.seconds += outcome.seconds;
      count.slowest_seconds = Math.max(count.slowest_seconds, outcome.seconds);
    },
    async record(db) {
      if (counts.size === 0) return;
      const requests = [...counts].map(([model, count]) => ({ model, ...count }));
      counts = new Map();
      // An earlier version of the database lacks the function.
      await db.query('SELECT reembed.record_requests($1)', [JSON.stringify(requests)]).catch(() => {});
    },
  };
}
