import type { Queryable } from '../database/connection.ts';
import { ProviderUnavailable } from './provider-error.ts';
import { holdProvider } from './quota.ts';

/** How long a request waits for a provider that does not answer or is overloaded. */
export interface Patience {
  /** when it ends, as a time in milliseconds; undefined before the first wait */
  readonly giveUpAt: number | undefined;
  /**
   * Holds the model's provider, for every worker, as long as it asks for, or else a little longer each time.
   *
   * @throws the error when the patience ends before that
   */
  wait(error: Error): Promise<void>;
  /** starts again, after the provider has answered */
  reset(): void;
}

const FIRST_PAUSE_SECONDS = 1;
const LONGEST_PAUSE_SECONDS = 60;

/** The patience of one request. */
export function createPatience(db: Queryable | null, model: string, seconds: number): Patience {
  let giveUpAt: number | undefined;
  let waits = 0;
  return {
    get giveUpAt() {
      return giveUpAt;
    },
    async wait(error) {
      giveUpAt ??= Date.now() + seconds * 1000;
      const backOff = Math.min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** waits) * (0.5 + Math.random() / 2);
      const pause = (error instanceof ProviderUnavailable ? error.retryAfterSeconds : undefined) ?? backOff;
      if (Date.now() + pause * 1000 > giveUpAt) throw error;
      waits += 1;
      // Stored in the database for every worker, so that none of them exceeds the same limit.
      await holdProvider(db, model, pause, error.message);
    },
    reset() {
      giveUpAt = undefined;
      waits = 0;
    },
  };
}
