import { startForeground } from './foreground.ts';

/** A PgBouncer of a single test file. */
export interface PgBouncer {
  /** URL of the same database and role through PgBouncer */
  pooled(databaseUrl: string): string;
  close(): Promise<void>;
}

/**
 * Runs the command in TEST_PGBOUNCER with a port as its last argument. It has to run PgBouncer in transaction mode on
 * 127.0.0.1 at this port, in front of the server of TEST_DATABASE_URL, and to stay in the foreground.
 */
export async function startPgBouncer(command: string): Promise<PgBouncer> {
  // SIGQUIT stops immediately; the other signals wait for clients to disconnect.
  const { port, close } = await startForeground(command, 'PgBouncer', 'SIGQUIT');
  return { pooled: (databaseUrl) => Object.assign(new URL(databaseUrl), { hostname: '127.0.0.1', port: String(port) }).href, close };
}
