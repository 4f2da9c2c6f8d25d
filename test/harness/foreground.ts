import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { until } from './campaign.ts';

/** A server started by a command for one test file. */
export interface ForegroundServer {
  port: number;
  close(): Promise<void>;
}

/**
 * Runs a command with a free port as its last argument. It has to serve on 127.0.0.1 at this port and to stay in the foreground.
 *
 * @param stopSignal signal that ends it
 */
export async function startForeground(command: string, what: string, stopSignal: NodeJS.Signals): Promise<ForegroundServer> {
  const port = await findFreePort();
  const child = spawn('sh', ['-c', `exec ${command} ${port}`], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk) => {
    said = (said + chunk).slice(-2000);
  });
  const close = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill(stopSignal);
    await once(child, 'exit');
  };
  try {
    await until(async () => {
      if (child.exitCode !== null) throw new Error(`${what} did not start: ${said}`);
      return isListening(port);
    }, what);
  } catch (error) {
    // Otherwise the server would prevent the process of the test file, and with it the suite, from ending.
    await close();
    throw error;
  }
  return { port, close };
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
