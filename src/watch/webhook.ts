import pRetry, { AbortError } from 'p-retry';
import type { Queryable } from '../database/connection.ts';
import { messageOf } from '../errors.ts';
import { chatText } from './chat-text.ts';

/** Payload of the webhook: an alert that opened or closed. */
interface AlertPost {
  id: string;
  state: 'opened' | 'closed';
  target: string;
  campaign: string | null;
  kind: string;
  severity: string;
  model: string | null;
  message: string;
  details: Record<string, unknown>;
  opened_at: string;
  closed_at: string | null;
  closed_because: string | null;
}

const RETRIES = 3;
const ANSWER_WITHIN_MS = 5000;
const MOST_AT_ONCE = 20;

/** The receiver answered and refused this alert; it may accept others. */
class AlertRefused extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`HTTP ${status}`);
    this.status = status;
  }
}

const TOO_MANY = 429;

/**
 * Posts the alerts that have not been delivered yet, one JSON document each. A refused alert is retried by the next
 * check, after those that have waited longer. A receiver that does not answer, or asks for fewer requests, is not
 * called again until then. Never throws, because a webhook must not stop anything.
 *
 * @param url address of the receiver; may contain a secret, so it is never shown
 * @param options.target only alerts of this target
 */
export async function postAlerts(
  db: Queryable,
  url: string,
  notice: (line: string) => void,
  { target, signal }: { target?: string; signal?: AbortSignal | undefined } = {},
): Promise<void> {
  try {
    const { rows } = await db.query<AlertPost>('SELECT * FROM reembed.alerts_to_post($1, $2)', [MOST_AT_ONCE, target ?? null]);
    let retries = RETRIES;
    for (const alert of rows) {
      const failure = await post(url, alert, retries, signal).catch((error: Error) => error);
      if (signal?.aborted) return;
      await db.query('SELECT reembed.mark_alert_posted($1, $2, $3)', [alert.id, alert.state, failure === undefined]);
      if (failure) notice(`alert webhook: ${reasonOf(failure, url)}, for alert ${alert.kind} of ${alert.target}`);
      // The first failure has used the retries; further alerts get none.
      if (failure) retries = 0;
      if (failure && !(failure instanceof AlertRefused && failure.status !== TOO_MANY)) return;
    }
  } catch (error) {
    notice(`alert webhook: ${reasonOf(error as Error, url)}`);
  }
}

async function post(url: string, alert: AlertPost, retries: number, signal?: AbortSignal): Promise<undefined> {
  const text = `[${alert.state === 'closed' ? 'closed' : alert.severity}] ${alert.target} ${alert.kind}: ${alert.closed_because ?? alert.message}`;
  await pRetry(
    async () => {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        // Chats show only the field that they know.
        body: JSON.stringify({ text: chatText(text), ...alert }),
        // A redirect is not followed: the content is for this receiver only.
        redirect: 'manual',
        signal: AbortSignal.any([AbortSignal.timeout(ANSWER_WITHIN_MS), ...(signal ? [signal] : [])]),
      });
      await response.body?.cancel();
      if (response.ok) return;
      const refusal = new AlertRefused(response.status);
      throw response.status < 500 && response.status !== TOO_MANY ? new AbortError(refusal) : refusal;
    },
    { retries, minTimeout: 500, ...(signal ? { signal } : {}) },
  );
}

function reasonOf(error: Error, url: string): string {
  if (error.name === 'TimeoutError') return `no answer within ${ANSWER_WITHIN_MS} ms`;
  const { code } = (error.cause ?? {}) as { code?: string };
  return code ?? messageOf(error).replaceAll(url, '...');
}
