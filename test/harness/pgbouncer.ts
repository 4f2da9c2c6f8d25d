import { startForeground } from './foreground.ts';

/** A PgBouncer of a test file's own. */
export interface PgBouncer {
  /** the same database and role by way of PgBouncer */
  pooled(databaseUrl: string): string;
  close(): Promise<void>;
}

/**
 * Starts the command in TEST_PGBOUNCER, with a port as its last word. It has to put PgBouncer in transaction mode on
 * 127.0.0.1 at this port, in front of the server of TEST_DATABASE_URL, and to stay in the foreground.
 */
export async function startPgBouncer(command: string): Promise<PgBouncer> {
  // At once: the gentler signals wait for clients to leave.
  const { port, close } = await startForeground(command, 'PgBouncer', 'SIGQUIT');
  return { pooled: (databaseUrl) => Object.assign(new URL(databaseUrl), { hostname: '127.0.0.1', port: String(port) }).href, close };
}
