import pg from 'pg';
import { ReembedError } from '../errors.ts';
import { applySettings } from './connection.ts';

/** Thrown when a pooler assigns each transaction to another session, but one session is needed throughout. */
export class SessionNeeded extends ReembedError {
  constructor() {
    super(
      'session_needed',
      'the database is behind a pooler in transaction mode, and migrations need one session from begin to end (advisory lock, CREATE INDEX CONCURRENTLY)',
      'set DATABASE_DIRECT_URL to the server itself, or to a pool in session mode; nothing was changed',
    );
  }
}

/** Sets settings for the whole lifetime of a session. Their names may have two parts. */
export async function setSettings(client: pg.Client, settings: Record<string, string>): Promise<void> {
  for (const [name, value] of Object.entries(settings)) {
    await client.query(`SET ${name.split('.').map(pg.escapeIdentifier).join('.')} = ${pg.escapeLiteral(value)}`);
  }
}

/** Passes on what our own code raises as a notice. Those with an SQLSTATE, such as "already exists, skipping", come from other statements. */
export function passNotices(client: pg.Client, notice: (line: string) => void): void {
  client.on('notice', ({ code, message, hint }) => {
    if (code === '00000') notice(hint ? `${message}; ${hint}` : `${message}`);
  });
}

/** The route to the server. */
export type Route = 'direct' | 'session pooler' | 'transaction pooler';

const ROUNDS = 10;

/**
 * Opens a connection for `work`, with our settings for its whole lifetime.
 *
 * @param application application_name, shown in pg_stat_activity
 */
export async function withSession<T>(url: string, application: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  return withClient(url, application, async (client) => {
    await applySettings(client, 'session');
    return work(client);
  });
}

/** Opens a connection for `work` without changing its session, which may turn out to be a pooler's. */
export async function withClient<T>(url: string, application: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = await connect(url, application);
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => {});
  }
}

/** Opens a connection that the caller must end. */
export async function connect(url: string, application: string, config: pg.ClientConfig = {}): Promise<pg.Client> {
  const client = new pg.Client({ ...config, connectionString: url, application_name: application, connectionTimeoutMillis: 10_000 });
  client.on('error', () => {});
  await client.connect();
  return client;
}

/**
 * Tests whether a connection keeps its session: while another connection is in a transaction, the first must still have the same server
 * process and the other a different one.
 *
 * @param client a connection to `url`, outside any transaction
 * @returns the route and, when the session is kept, the id of its server process
 */
export async function examineRoute(client: pg.Client, url: string): Promise<{ route: Route; pid: number }> {
  const { rows } = await client.query<{ pid: number; embedded: boolean }>(
    "SELECT pg_backend_pid() AS pid, current_setting('reembed.embedded', true) IS NOT NULL AS embedded",
  );
  const { pid = 0, embedded = false } = rows[0] ?? {};
  if (embedded) return { route: 'direct', pid };
  // A pooler answers the login with a process id of its own. When other clients keep its sessions busy, one round may see the same process
  // by chance.
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
