/** Outcome of a request, as far as it indicates the provider's load. */
export type Went =
  | { milliseconds: number; tokens: number }
  /** the provider asked for fewer requests */
  | 'overloaded'
  /** it did not answer, for whatever reason */
  | 'unavailable'
  /** refused or abandoned: its duration is no indication */
  | 'otherwise';

/** Limit on the requests of one model under way in this process; grows and shrinks with what the provider accepts. */
export interface InFlight {
  /** current maximum number of requests under way */
  readonly limit: number;
  /**
   * Waits for a free place.
   *
   * @param line queue of the caller; queues take turns, so that a batch with many requests does not delay others
   * @returns function that frees the place; call it once, with the outcome of the request
   * @throws the reason of the signal
   */
  enter(line: object, signal?: AbortSignal): Promise<(went: Went) => void>;
}

type Leave = (went: Went) => void;

const FIRST_LIMIT = 4;
// Twice the shortest answer time: half of the requests then queue at the provider, and one more would only wait longer.
const SLOW = 2;
// When slow answers exceed quick ones by this number, the shortest answer time is measured again: it may be outdated.
const SLOW_FOR_LONG = 100;
// Every 429 delays all workers, so a limit that caused one is tried again only after this many rounds.
const ROUNDS_OF_CAUTION = 30;

/**
 * An adaptive limit. It grows by one per round of good answers, as in TCP congestion avoidance, while they are about as quick
 * as the quickest of their size and all places were in use. Slow answers stop the growth; a failing provider halves the limit.
 *
 * @param ceiling highest limit
 */
export function createInFlight(ceiling: number): InFlight {
  let limit = Math.min(FIRST_LIMIT, ceiling);
  let underWay = 0;
  // Requests that started before the limit was halved refer to the former limit: together they count once.
  let era = 0;
  // Progress towards the next increase: a good answer adds one, a slow answer subtracts one.
  let credit = 0;
  let slowness = 0;
  let borne = Number.POSITIVE_INFINITY;
  const quickest = new Map<number, number>();
  const queue = createQueue();

  const admit = () => {
    while (underWay < limit && queue.next()) {}
  };

  const occupy = (): Leave => {
    underWay += 1;
    const begunIn = era;
    return (went) => {
      const allInUse = underWay >= limit;
      underWay -= 1;
      if (begunIn === era) {
        if (went === 'overloaded') borne = Math.max(1, limit - 1);
        if (went === 'overloaded' || went === 'unavailable') halve();
        else if (went !== 'otherwise') weigh(went, allInUse);
      }
      admit();
    };
  };

  const halve = () => {
    limit = Math.max(1, Math.floor(limit / 2));
    era += 1;
    credit = 0;
  };

  const weigh = ({ milliseconds, tokens }: { milliseconds: number; tokens: number }, allInUse: boolean) => {
    // Larger requests take longer, so each is compared with those of its size, within a power of two.
    const size = Math.ceil(Math.log2(tokens));
    const shortest = Math.min(milliseconds, quickest.get(size) ?? Number.POSITIVE_INFINITY);
    quickest.set(size, shortest);
    const isSlow = milliseconds >= shortest * SLOW;
    slowness = Math.max(0, slowness + (isSlow ? 1 : -1));
    if (isSlow) credit = Math.max(0, credit - 1);
    else if (allInUse && limit < ceiling) credit += 1;
    if (slowness >= SLOW_FOR_LONG) measureAnew();
    else if (credit >= (limit < borne ? limit : limit * ROUNDS_OF_CAUTION)) grow();
  };

  const grow = () => {
    if (limit >= borne) borne = Number.POSITIVE_INFINITY;
    limit += 1;
    credit = 0;
  };

  /**
   * Measures the shortest times again and halves the limit: if answers take twice as long because there are too many
   * requests, half of them give the same throughput.
   */
  const measureAnew = () => {
    quickest.clear();
    slowness = 0;
    halve();
  };

  return {
    get limit() {
      return limit;
    },
    async enter(line, signal) {
      signal?.throwIfAborted();
      return underWay < limit ? occupy() : queue.wait(line, occupy, signal);
    },
  };
}

/**
 * Requests that wait for a place, in one line per caller. The first request of the first line is admitted, then that
 * line goes to the end.
 */
function createQueue() {
  const lines = new Map<object, Set<() => void>>();
  return {
    /** Admits the next request; false when none is waiting. */
    next(): boolean {
      for (const [line, waiting] of lines) {
        lines.delete(line);
        const [goIn] = waiting;
        if (!goIn) continue;
        waiting.delete(goIn);
        lines.set(line, waiting);
        goIn();
        return true;
      }
      return false;
    },
    wait(line: object, occupy: () => Leave, signal: AbortSignal | undefined): Promise<Leave> {
      return new Promise((resolve, reject) => {
        const waiting = lines.get(line) ?? new Set();
        const goIn = () => {
          signal?.removeEventListener('abort', giveUp);
          resolve(occupy());
        };
        const giveUp = () => {
          waiting.delete(goIn);
          reject(signal?.reason);
        };
        lines.set(line, waiting.add(goIn));
        signal?.addEventListener('abort', giveUp, { once: true });
      });
    },
  };
}
