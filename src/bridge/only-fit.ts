import type pg from 'pg';
import { applySettings, type Database } from '../database/connection.ts';
import { connect } from '../database/session.ts';
import { FitRunning } from './bridge-error.ts';

// Proxies and firewalls cut connections that were silent for a minute or more.
const KEEP_ALIVE_MS = 5000;

/**
 * Runs `work` as the only fit of a campaign, because two at once would pay for two samples. The lock ends with the process, even if it
 * crashes.
 *
 * @throws FitRunning immediately when there is another
 */
export async function asOnlyFit<T>({ url }: Pick<Database, 'url'>, campaign: string, work: () => Promise<T>): Promise<T> {
  const client = await connect(url, 'pg-reembed bridge fit');
  try {
    await takeLock(client, campaign);
    const timer = setInterval(() => client.query('SELECT').catch(() => {}), KEEP_ALIVE_MS).unref();
    try {
      return await work();
    } finally {
      clearInterval(timer);
    }
  } finally {
    await client.query('ROLLBACK').catch(() => {});
    await client.end().catch(() => {});
  }
}

/**
 * The lock is held by an open transaction, for whose duration also a pooler in transaction mode keeps the session. It has neither a
 * snapshot nor an id, so no VACUUM and no index build waits for it.
 */
async function takeLock(client: pg.Client, campaign: string): Promise<void> {
  // All clients of the embedded database share one session, which an open transaction would block.
  const { rows } = await client.query<{ embedded: boolean }>("SELECT current_setting('reembed.embedded', true) IS NOT NULL AS embedded");
  if (rows[0]?.embedded) return;
  await client.query('BEGIN');
  await applySettings(client, 'transaction');
  const taken = await client.query<{ locked: boolean }>('SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0)) AS locked', [
    `reembed.bridge_fit ${campaign}`,
  ]);
  if (!taken.rows[0]?.locked) throw new FitRunning(campaign);
  // Last, because the server keeps the snapshot of a statement with parameters until the next statement.
  await client.query('SET LOCAL idle_in_transaction_session_timeout = 0');
}
