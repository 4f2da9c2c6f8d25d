import { randomBytes } from 'node:crypto';
import pg from 'pg';

/** The databases of one run, on a server where the role is a superuser. */
export interface BenchDatabases {
  /** creates an empty database; returns its URL */
  create(name: string): Promise<string>;
  /** copies a database file by file, with its indexes unchanged; returns its URL */
  copy(template: string, name: string): Promise<string>;
  drop(name: string): Promise<void>;
  /** drops the remaining databases, or returns their names when they are to be kept */
  close(keep: boolean): Promise<string[]>;
}

/** @param server URL of any database on the server */
export function createBenchDatabases(server: string): BenchDatabases {
  const prefix = `reembed_bench_${randomBytes(4).toString('hex')}`;
  /** each database, and when it is there */
  const made = new Map<string, Promise<void>>();
  const administer = async (statement: string) => {
    const admin = await connect(server, 'bench administration');
    try {
      await admin.query(statement);
    } finally {
      await admin.end();
    }
  };
  const make = async (name: string, how: string) => {
    const created = administer(`CREATE DATABASE ${prefix}_${name} ${how}`);
    made.set(name, created);
    await created;
    const url = new URL(server);
    url.pathname = `/${prefix}_${name}`;
    return url.href;
  };
  const drop = async (name: string) => {
    await administer(`DROP DATABASE IF EXISTS ${prefix}_${name} WITH (FORCE)`);
    made.delete(name);
  };
  return {
    create: (name) => make(name, ''),
    copy: (template, name) => make(name, `TEMPLATE ${prefix}_${template} STRATEGY file_copy`),
    drop,
    async close(keep) {
      if (keep) return [...made.keys()].map((name) => `${prefix}_${name}`);
      for (const [name, created] of made) {
        // A signal may come while a database is being made, which could not be dropped yet.
        await created.catch(() => {});
        await drop(name);
      }
      return [];
    },
  };
}

/** Opens a connection that tolerates the drop of its database. */
export async function connect(url: string, applicationName: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: applicationName });
  client.on('error', () => {});
  await client.connect();
  return client;
}
