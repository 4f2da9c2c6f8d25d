import pg from 'pg';
import { ReembedError } from '../errors.ts';
import { applySettings } from './connection.ts';

/** A pooler hands out another session for each transaction, where one is needed from begin to end. */
export class SessionNeeded extends ReembedError {
  constructor() {
    super(
      'session_needed',
      'the database is behind a pooler in transaction mode, and migrations need one session from begin to end (advisory lock, CREATE INDEX CONCURRENTLY)',
      'set DATABASE_DIRECT_URL to the server itself, or to a pool in session mode; nothing was changed',
    );
  }
}

/** What stands between us and the server. */
export type Route = 'direct' | 'session pooler' | 'transaction pooler';

const ROUNDS = 10;

/**
 * Opens a connection of its own for `work`, with our settings for as long as it lasts.
 *
 * @param application how the server names it in pg_stat_activity
 */
export async function withSession<T>(url: string, application: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  return withClient(url, application, async (client) => {
    await applySettings(client, 'session');
    return work(client);
  });
}

/** Opens a connection of its own for `work` and changes nothing in it: it may turn out to be a pooler's. */
export async function withClient<T>(url: string, application: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = await connect(url, application);
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => {});
  }
}

/** The same for longer than a call: whoever asked for it ends it. */
export async function connect(url: string, application: string, config: pg.ClientConfig = {}): Promise<pg.Client> {
  const client = new pg.Client({ ...config, connectionString: url, application_name: application, connectionTimeoutMillis: 10_000 });
  client.on('error', () => {});
  await client.connect();
  return client;
}

/**
 * Finds out by what it does whether a connection keeps its session: while another one is in a transaction, the first must
 * be with the same server process as before, and the other with a different one.
 *
 * @param client a connection to `url`, outside any transaction
 * @returns the route and, when the session is kept, its server process
 */
export async function examineRoute(client: pg.Client, url: string): Promise<{ route: Route; pid: number }> {
  const { rows } = await client.query<{ pid: number; embedded: boolean }>(
    "SELECT pg_backend_pid() AS pid, current_setting('reembed.embedded', true) IS NOT NULL AS embedded",
  );
  const { pid = 0, embedded = false } = rows[0] ?? {};
  if (embedded) return { route: 'direct', pid };
  // A pooler answers the login with a process id of its own making. Where other clients keep its sessions busy, one round
  // may see the same process by chance.
  const isServerItself = (client as { processID?: number }).processID === pid;
  const isKept = await withClient(url, 'pg-reembed', async (other) => {
    for (let round = 0; round < (isServerItself ? 1 : ROUNDS); round++) {
      await other.query('BEGIN');
      const isShared = (await askProcess(other)) === pid || (await askProcess(client)) !== pid;
      await other.query('ROLLBACK');
      if (isShared) return false;
    }
    return true;
  });
  if (!isKept) return { route: 'transaction pooler', pid };
  return { route: isServerItself ? 'direct' : 'session pooler', pid };
}

async function askProcess(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return rows[0]?.pid ?? 0;
}
