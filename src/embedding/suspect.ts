import { BadAnswer } from './check-vectors.ts';
import type { DistinctText } from './distinct-texts.ts';
import { eighths } from './divide.ts';
import type { Patience } from './patience.ts';
import { ProviderOverloaded, ProviderRefused, ProviderUnavailable } from './provider-error.ts';

/** A failure of a request that its texts may have caused, or a provider that fails on everything. */
export type Suspicion = ProviderUnavailable | ProviderRefused | BadAnswer;

/** How the search for a faulty text reaches the provider. */
export interface Bench {
  /** Sends a request once. Returns a failure that its texts may have caused; everything else is settled or thrown. */
  attempt(request: DistinctText[], patience: Patience): Promise<Suspicion | undefined>;
  /** whether a check has a text to send that was embedded before */
  canCheck(): boolean;
  /**
   * Sends a text of about the size of a suspected one.
   *
   * @returns the failure if the provider does not answer that either: an outage
   * @throws ProviderRefused
   */
  check(suspect: DistinctText, patience: Patience): Promise<ProviderUnavailable | undefined>;
  /** Records a text as the cause of its failures. */
  blame(text: DistinctText, failure: Suspicion): void;
}

// Of these the first two are of the whole request, and three divisions leave a text alone.
const FAILURES_THAT_TELL = 5;

/** Whether the texts of a request may have caused its failure. An ordinary 429 and a refused key are never their fault. */
export function mayBeOfTexts(error: unknown): error is Suspicion {
  if (error instanceof ProviderOverloaded) return false;
  if (error instanceof ProviderUnavailable) return true;
  return error instanceof ProviderRefused ? error.mayBeOfText : error instanceof BadAnswer && error.positions.length === 0;
}

/**
 * Decides why a request failed, whatever the failure. What fails repeatedly while the provider embeds another text of the same size is the
 * fault of a text: the request is divided by eight until that text is alone, and the text is blamed. If the provider does not embed the
 * other text either, it is down: the request waits and blames nobody.
 *
 * @param begin how the request failed for the first time
 * @throws ProviderUnavailable when the patience ends, ProviderRefused
 */
export async function findFault(request: DistinctText[], begin: Suspicion, bench: Bench, patience: Patience): Promise<void> {
  if (begin instanceof ProviderUnavailable && begin.retryAfterSeconds !== undefined) await patience.wait(begin);
  for (;;) {
    // At once for the first time: most such failures do not repeat.
    if (!(await bench.attempt(request, patience))) return;
    const [first = request, ...others] = eighths(request);
    // Nothing succeeded yet, so a part of the request is the check of the rest.
    const isPart = others.length > 0 && !bench.canCheck();
    const failure = isPart ? await bench.attempt(first, patience) : undefined;
    const outage = isPart && !failure ? undefined : await bench.check(largestOf(isPart ? first : request), patience);
    if (outage) {
      await patience.wait(outage);
      continue;
    }
    for (const text of request) text.failures += 2;
    if (failure) for (const text of first) text.failures += 1;
    patience.reset();
    return await search(failure ? [...others, ...eighths(first)] : isPart ? others : [first, ...others], bench, patience);
  }
}

/** Sends the parts of a request that fails while the provider answers, and divides those that fail. */
async function search(parts: DistinctText[][], bench: Bench, patience: Patience): Promise<void> {
  for (let open = parts; open.length > 0; ) {
    const sent = await Promise.all(open.map(async (part) => ({ part, failure: await bench.attempt(part, patience) })));
    const answered = sent.flatMap(({ part }) => part.filter(({ vector }) => vector));
    const largestAnswered = Math.max(0, ...answered.map(({ tokens }) => tokens));
    let outage: ProviderUnavailable | undefined;
    const failed = sent.flatMap(({ part, failure }) => (failure ? [{ part, failure }] : []));
    open = [];
    for (const { part, failure } of failed) {
      const suspect = largestOf(part);
      // A neighbour of the same size that was embedded at the same time is check enough.
      if (!outage && largestAnswered * 2 < suspect.tokens) outage = await bench.check(suspect, patience);
      if (outage) {
        open.push(part);
        continue;
      }
      for (const text of part) text.failures += 1;
      if (part.length === 1 && suspect.failures >= FAILURES_THAT_TELL) bench.blame(suspect, failure);
      else open.push(...eighths(part));
    }
    if (outage) await patience.wait(outage);
    else patience.reset();
  }
}

function largestOf(part: DistinctText[]): DistinctText {
  return part.reduce((largest, text) => (text.tokens > largest.tokens ? text : largest));
}

/** The class of a failure in reembed.failed_row, when it is the fault of a text. */
export function classOf(failure: Suspicion): string {
  if (failure instanceof ProviderUnavailable) return failure.class;
  return failure.code === 'provider_login' ? 'forbidden' : failure.code;
}
