/** How a request went, as far as it tells something of the provider's load. */
export type Went =
  | { milliseconds: number; tokens: number }
  /** the provider asked for fewer requests */
  | 'overloaded'
  /** it did not answer, whatever for */
  | 'unavailable'
  /** refused or given up: how long that took says nothing */
  | 'otherwise';

/** How many requests of one model may be under way in this process; grows and shrinks with what the provider accepts. */
export interface InFlight {
  /** most requests under way at present */
  readonly limit: number;
  /**
   * Waits for a place.
   *
   * @param line whose turn it is: a batch with many requests does not keep others waiting
   * @returns what gives the place back, to be called once, with how the request went
   * @throws the reason of the signal
   */
  enter(line: object, signal?: AbortSignal): Promise<(went: Went) => void>;
}

type Leave = (went: Went) => void;

const FIRST_LIMIT = 4;
// Twice the shortest answer: half of the requests wait for the others at the provider, and one more would only wait longer.
const SLOW = 2;
// So many more slow answers than quick ones, and the shortest answer is measured anew: it may have been of better times.
const SLOW_FOR_LONG = 100;
// Each 429 makes all workers wait, so a limit that met with one is tried again only after so many rounds.
const ROUNDS_OF_CAUTION = 30;

/**
 * A limit that grows by one for each round of good answers, as TCP does, while they are about as quick as the quickest of
 * their size and all places were in use. Slow answers hold it, and a provider that fails halves it.
 *
 * @param ceiling most requests there may ever be
 */
export function createInFlight(ceiling: number): InFlight {
  let limit = Math.min(FIRST_LIMIT, ceiling);
  let underWay = 0;
  // Requests that began before the limit was halved belong to former times: together they count once.
  let era = 0;
  // A part of a step up: each good answer adds to it, each slow one takes away.
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
    // Long requests take longer; each is compared with those of its size, within a power of two.
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

  /** Where answers take twice as long because there are too many requests, half of them lose nothing. */
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

/** Those who wait for a place. Lines take turns: the first line's first goes in, then the line goes to the end. */
function createQueue() {
  const lines = new Map<object, Set<() => void>>();
  return {
    /** Lets the next one in; false when nobody waits. */
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
