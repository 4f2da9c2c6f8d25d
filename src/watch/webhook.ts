import pRetry, { AbortError } from 'p-retry';
import type { Queryable } from '../database/connection.ts';
import { messageOf } from '../errors.ts';
import { chatText } from './chat-text.ts';

/** An alert that opened or closed, as the webhook gets it. */
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

/** The receiver answered, and did not take this one; another it may take. */
class AlertRefused extends Error {
  readonly status: number;

  constructor(status: number) {
    super(`HTTP ${status}`);
    this.status = status;
  }
}

const TOO_MANY = 429;

/**
 * Posts the alerts that no webhook has taken yet, one JSON document each. What it does not take is tried again by the next check, after
 * those that wait longer; a receiver that does not answer, or asks for fewer, is left alone until then. Never throws: a webhook is no
 * reason to stop anything.
 *
 * @param url address that takes them; may hold a secret, so that it is never shown
 */
export async function postAlerts(db: Queryable, url: string, notice: (line: string) => void, signal?: AbortSignal): Promise<void> {
  try {
    const { rows } = await db.query<AlertPost>('SELECT * FROM reembed.alerts_to_post($1)', [MOST_AT_ONCE]);
    let retries = RETRIES;
    for (const alert of rows) {
      const failure = await post(url, alert, retries, signal).catch((error: Error) => error);
      if (signal?.aborted) return;
      await db.query('SELECT reembed.mark_alert_posted($1, $2, $3)', [alert.id, alert.state, failure === undefined]);
      if (failure) notice(`alert webhook: ${reasonOf(failure, url)}, for alert ${alert.kind} of ${alert.target}`);
      // A receiver in trouble is not asked four times for each.
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
        // Chats show the one field that they know.
        body: JSON.stringify({ text: chatText(text), ...alert }),
        // What is posted is for this receiver, and for nobody it names.
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
