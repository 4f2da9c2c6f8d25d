import type { Queryable } from '../database/connection.ts';
import { BadAnswer } from './check-vectors.ts';
import { type DistinctText, sizeOf } from './distinct-texts.ts';
import type { EmbedOptions } from './embed-texts.ts';
import type { Went } from './in-flight.ts';
import type { Embedded, Provider } from './provider.ts';
import { ProviderOverloaded, ProviderUnavailable } from './provider-error.ts';
import { waitForQuota } from './quota.ts';
import { reserveSpending } from './spending.ts';

/** What the requests of one call of embedTexts() share. */
export interface Sending {
  db: Queryable | null;
  provider: Provider;
  role: 'document' | 'query';
  options: EmbedOptions;
  /** identifies the call among those that take turns */
  texts: object;
  /** counts requests and tokens */
  outcome: { requests: number; tokens: number };
  pack(some: DistinctText[]): DistinctText[][];
  /** aborts waits */
  noFurther: AbortSignal;
  /** aborts the request */
  cutOff: AbortSignal;
}

/**
 * Sends a request when it is its turn, the quota allows it and the spend cap has room for it.
 *
 * @param giveUpAt when the patience with the provider ends, as a time in milliseconds
 * @returns undefined when the request became larger than the provider's learnt limits while it waited for its turn
 * @throws the provider's error, SpendCapReached, and the reason of an aborted signal
 */
export async function sendInTurn(request: DistinctText[], giveUpAt: number | undefined, sending: Sending): Promise<Embedded | undefined> {
  const { db, provider, role, options, texts, outcome, pack, noFurther, cutOff } = sending;
  const { model, findings } = provider;
  const leave = await findings.inFlight.enter(texts, noFurther);
  let went: Went = 'otherwise';
  try {
    if (pack(request).length > 1) return undefined;
    const size = sizeOf(request);
    await waitForQuota(db, model.name, { tokens: size.tokens, giveUpAt, patienceSeconds: options.patienceSeconds, signal: noFurther });
    const reservation = options.reserve
      ? options.reserve(size.tokens)
      : await reserveSpending(db, options.campaign, model.name, size.tokens);
    outcome.requests += 1;
    const isRepeated = request.some(({ sent }) => sent > 0);
    for (const text of request) text.sent += 1;
    const startedAt = performance.now();
    const send = () =>
      provider.embed(
        request.map(({ text }) => text),
        role,
        cutOff,
      );
    const answering = options.observe ? options.observe({ texts: request.length, isRepeated, signal: cutOff }, send) : send();
    const answer = await answering.catch(async (error: unknown) => {
      // A request that fails because of a text says nothing about the load.
      if (error instanceof ProviderUnavailable && !cutOff.aborted && request.every(({ failures }) => failures === 0))
        went = error instanceof ProviderOverloaded ? 'overloaded' : 'unavailable';
      if (!mayBeCharged(error)) await reservation?.correct(0);
      throw error;
    });
    went = { milliseconds: performance.now() - startedAt, tokens: size.tokens };
    findings.limits.passed(size);
    outcome.tokens += answer.tokens;
    // A provider that counts no tokens is not free: the expected number stays.
    if (answer.tokens > 0) await reservation?.correct(answer.tokens);
    return answer;
  } finally {
    leave(went);
  }
}

/** Whether the provider may have embedded the texts of a failed request: it answered, or the answer was not waited for. */
export function mayBeCharged(error: unknown): boolean {
  return (
    error instanceof BadAnswer || (error instanceof ProviderUnavailable && ['timed_out', 'no_answer', 'not_json'].includes(error.class))
  );
}
