import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { undoneAtSignal } from '../test/harness/undo-at-signal.ts';

/** A database of the storm on a real server, and the means to crash that server. */
export interface StormServer {
  url: string;
  /** times when the server was down: an operation that overlaps one is not counted as a failure */
  outages: Outage[];
  /** stops the server as a crash would and restarts it; undefined without a crash command */
  crash: (() => Promise<void>) | undefined;
  isUp(from: number, to: number): boolean;
  close(): Promise<void>;
}

interface Outage {
  from: number;
  to: number;
}

// For a moment after the restart, sessions still find connections from before it broken.
const AFTERSHOCK_MS = 2000;

/**
 * Creates a database for the storm.
 *
 * @param server URL of a superuser
 * @param crashCommand shell command that restarts the server with `-m immediate` and returns when it answers again
 */
export async function createStormDatabase(server: string, crashCommand: string | undefined, keep: boolean): Promise<StormServer> {
  const name = `reembed_storm_${randomBytes(4).toString('hex')}`;
  const drop = undoneAtSignal(() => asAdmin(server, (admin) => admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)));
  await asAdmin(server, (admin) => admin.query(`CREATE DATABASE ${name}`));
  const url = new URL(server);
  url.pathname = `/${name}`;
  await asAdmin(url.href, (client) => client.query('CREATE EXTENSION vector'));
  const outages: Outage[] = [];
  return {
    url: url.href,
    outages,
    crash:
      crashCommand === undefined
        ? undefined
        : async () => {
            const outage = { from: Date.now(), to: Number.POSITIVE_INFINITY };
            outages.push(outage);
            await shell(crashCommand);
            outage.to = Date.now() + AFTERSHOCK_MS;
          },
    isUp: (from, to) => !outages.some((outage) => from <= outage.to && to >= outage.from),
    async close() {
      if (!keep) await drop();
    },
  };
}

async function asAdmin(url: string, work: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: url, application_name: 'storm' });
  client.on('error', () => {});
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

/** Runs a shell command and returns its stdout. */
export async function shell(command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['-c', command], { stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve(stdout.trim()) : reject(new Error(`${command}: ${stderr || stdout}`))));
  });
}
