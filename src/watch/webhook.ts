import pRetry, { AbortError } from 'p-retry';
import type { Queryable } from '../database/connection.ts';

/** News of an alert, as the webhook gets it. */
interface AlertNews {
  id: string;
  state: 'opened' | 'closed';
  target: string;
  migration: string | null;
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

/**
 * Posts the alerts that were opened or closed in the last hour and that no webhook has taken yet, one JSON document each. What
 * it does not take is tried again by the next look. Never throws: a webhook is no reason to stop anything.
 *
 * @param url address that takes them; may hold a secret, so that it is never shown
 */
export async function postAlerts(db: Queryable, url: string, notice: (line: string) => void, signal?: AbortSignal): Promise<void> {
  try {
    const { rows } = await db.query<AlertNews>('SELECT * FROM reembed.alert_news($1)', [MOST_AT_ONCE]);
    for (const news of rows) {
      await post(url, news, signal);
      await db.query('SELECT reembed.mark_alert_posted($1, $2)', [news.id, news.state]);
    }
  } catch (error) {
    const { cause, message, name } = error as Error & { cause?: { code?: string } };
    notice(
      `alert webhook: ${cause?.code ?? (name === 'TimeoutError' ? `no answer within ${ANSWER_WITHIN_MS} ms` : withoutAddress(message, url))}`,
    );
  }
}

async function post(url: string, news: AlertNews, signal?: AbortSignal): Promise<void> {
  const text = `[${news.state === 'closed' ? 'closed' : news.severity}] ${news.target} ${news.kind}: ${news.closed_because ?? news.message}`;
  await pRetry(
    async () => {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        // Chats show the one field that they know.
        body: JSON.stringify({ text, ...news }),
        signal: AbortSignal.any([AbortSignal.timeout(ANSWER_WITHIN_MS), ...(signal ? [signal] : [])]),
      });
      await response.body?.cancel();
      if (response.ok) return;
      const refusal = new Error(`HTTP ${response.status}`);
      throw response.status < 500 && response.status !== 429 ? new AbortError(refusal) : refusal;
    },
    { retries: RETRIES, minTimeout: 500, ...(signal ? { signal } : {}) },
  );
}

function withoutAddress(message: string, url: string): string {
  return message.replaceAll(url, '...');
}
