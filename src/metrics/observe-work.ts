import { SpanKind } from '@opentelemetry/api';
import type { SendObserver } from '../embedding/embed-texts.ts';
import { ProviderOverloaded } from '../embedding/provider-error.ts';
import type { RequestLog } from './request-log.ts';
import { inSpan } from './spans.ts';
import type { RequestOutcome, WorkMonitor, WorkOf } from './work-monitor.ts';

/** Traces and counts the requests that are sent for a target's rows with one model. */
export function observeRequests(
  { monitor, requestLog }: { monitor?: WorkMonitor | undefined; requestLog: RequestLog },
  target: string,
  { model, definition }: { model: string; definition: { usd_per_million_tokens: number | null } },
): SendObserver {
  const of = { target, model };
  const ended = (outcome: RequestOutcome, isRepeated: boolean) => {
    monitor?.requested(of, outcome, isRepeated);
    requestLog.requested(model, outcome);
  };
  return ({ texts, isRepeated, signal }, send) => {
    const facts = { ...factsOf(of), 'reembed.texts': texts, 'reembed.is_repeated': isRepeated };
    return inSpan(
      'reembed.provider_request',
      facts,
      async (span) => {
        const startedAt = performance.now();
        try {
          const answer = await send();
          span.setAttribute('reembed.tokens', answer.tokens);
          ended({ kind: 'answered', seconds: secondsSince(startedAt) }, isRepeated);
          monitor?.counted(of, answer.tokens, definition.usd_per_million_tokens);
          return answer;
        } catch (error) {
          // A request that was cut off by us says nothing about the provider.
          if (!signal.aborted) ended({ kind: error instanceof ProviderOverloaded ? 'overloaded' : 'failed' }, isRepeated);
          throw error;
        }
      },
      SpanKind.CLIENT,
    );
  };
}

/**
 * Traces and counts storing.
 *
 * @param rows number of rows that are handed over
 * @param storedRows how many got their vector, by the result of `store`
 */
export function observeStore<T>(
  of: WorkOf,
  monitor: WorkMonitor | undefined,
  rows: number,
  store: () => Promise<T>,
  storedRows: (result: T) => number,
): Promise<T> {
  return inSpan('reembed.store', { ...factsOf(of), 'reembed.rows': rows }, async () => {
    const startedAt = performance.now();
    const result = await store();
    monitor?.stored(of, storedRows(result), secondsSince(startedAt));
    return result;
  });
}

/** The attributes of a span that are the labels of a metric. */
export function factsOf({ target, model }: WorkOf): { 'reembed.target': string; 'reembed.model': string } {
  return { 'reembed.target': target, 'reembed.model': model };
}

function secondsSince(startedAt: number): number {
  return (performance.now() - startedAt) / 1000;
}
