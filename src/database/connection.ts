import pg from 'pg';
import type { Config } from '../config.ts';
import { InvalidDatabaseUrl, translateDatabaseError } from './database-error.ts';
import { openEmbedded } from './embedded.ts';

/** A database to work in, whichever kind it is. */
export interface Database {
  pool: pg.Pool;
  url: string;
  /** true for the embedded PGlite, where every connection is one and the same session */
  embedded: boolean;
  /** folder of the embedded database, for locks that its single session cannot hold */
  directory: string;
  close(): Promise<void>;
}

/** What both a pool and a client can do. */
export type Queryable = Pick<pg.Pool, 'query'>;

/**
 * Connects to DATABASE_URL, or starts (or finds) the embedded database.
 *
 * @throws InvalidDatabaseUrl, DatabaseUnreachable, LoginRefused and the like, each with its remedy
 */
export async function openDatabase(config: Config): Promise<Database> {
  if (config.databaseUrl !== undefined && !isConnectionString(config.databaseUrl)) throw new InvalidDatabaseUrl();
  const embedded = config.databaseUrl === undefined ? await openEmbedded({ directory: config.embeddedDirectory }) : undefined;
  const url = config.databaseUrl ?? embedded?.url ?? '';
  const pool = createPool(url);
  const database: Database = {
    pool,
    url,
    embedded: embedded !== undefined,
    directory: config.embeddedDirectory,
    async close() {
      await pool.end();
      await embedded?.close();
    },
  };
  try {
    await pool.query('SELECT 1');
  } catch (error) {
    await database.close();
    throw translateDatabaseError(error, url);
  }
  return database;
}

/** Whether pg can read it: an address, or the folder of a socket. */
function isConnectionString(text: string): boolean {
  return /^(socket:|\/)/.test(text) || (/^postgres(ql)?:\/\//.test(text) && URL.canParse(text.replace('@/', '@socket/')));
}

/**
 * Settings of every session of ours: keys look the same whatever the role has set, rows that row level security would
 * hide end in an error instead of being taken for deleted, and long maintenance is not cut off.
 */
export const SESSION_OPTIONS =
  '-c timezone=UTC -c datestyle=ISO -c intervalstyle=iso_8601 -c bytea_output=hex -c extra_float_digits=1 -c row_security=off -c statement_timeout=0';

function createPool(url: string): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: 'pg-reembed',
    options: SESSION_OPTIONS,
    connectionTimeoutMillis: 10_000,
    max: 12,
  });
  // An idle connection that the server closes must not end the process; the next query gets a new one.
  pool.on('error', () => {});
  return pool;
}

/**
 * Runs `work` in one transaction on one connection; rolls back when it throws.
 *
 * @param lockTimeout longest wait for any lock, as PostgreSQL writes it; holds for this transaction only
 */
export async function inTransaction<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>, lockTimeout = '500ms'): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  // A connection that breaks reports it twice: to the statement under way, and here, where nobody listening would end the process.
  const onError = (error: Error) => {
    broken = error;
  };
  client.on('error', onError);
  try {
    await client.query('BEGIN');
    await client.query("SELECT set_config('lock_timeout', $1, true)", [lockTimeout]);
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch((rollbackError: Error) => {
      broken = rollbackError;
    });
    throw error;
  } finally {
    client.off('error', onError);
    client.release(broken);
  }
}
