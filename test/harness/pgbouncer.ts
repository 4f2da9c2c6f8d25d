import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { until } from './campaign.ts';

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
  const port = await findFreePort();
  const child = spawn('sh', ['-c', `exec ${command} ${port}`], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk) => {
    said = (said + chunk).slice(-2000);
  });
  await until(async () => {
    if (child.exitCode !== null) throw new Error(`PgBouncer did not start: ${said}`);
    return isListening(port);
  }, 'PgBouncer');
  return {
    pooled: (databaseUrl) => Object.assign(new URL(databaseUrl), { hostname: '127.0.0.1', port: String(port) }).href,
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      // At once: the gentler signals wait for clients to leave.
      child.kill('SIGQUIT');
      await once(child, 'exit');
    },
  };
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
