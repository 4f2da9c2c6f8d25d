import pg from 'pg';
import type { Config } from '../config.ts';
import { DirectUrlAlone, InvalidDatabaseUrl, translateDatabaseError, type UrlVariable } from './database-error.ts';
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
  return open(config, config.databaseUrl, 'DATABASE_URL');
}

/** The same at DATABASE_DIRECT_URL, where it is set: for work that needs one session from begin to end. */
export async function openDirectDatabase(config: Config): Promise<Database> {
  return config.directUrl === undefined ? openDatabase(config) : open(config, config.directUrl, 'DATABASE_DIRECT_URL');
}

async function open(config: Config, serverUrl: string | undefined, variable: UrlVariable): Promise<Database> {
  if (config.databaseUrl === undefined && config.directUrl !== undefined) throw new DirectUrlAlone();
  if (serverUrl !== undefined && !isConnectionString(serverUrl)) throw new InvalidDatabaseUrl(variable);
  const embedded = serverUrl === undefined ? await openEmbedded({ directory: config.embeddedDirectory }) : undefined;
  const url = serverUrl ?? embedded?.url ?? '';
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
    throw translateDatabaseError(error, url, variable);
  }
  return database;
}

/** Whether pg can read it: an address, or the folder of a socket. */
function isConnectionString(text: string): boolean {
  return /^(socket:|\/)/.test(text) || (/^postgres(ql)?:\/\//.test(text) && URL.canParse(text.replace('@/', '@socket/')));
}

/**
 * What our statements must find whatever the role has set: keys look the same, rows that row level security would hide end
 * in an error instead of being taken for deleted, and long maintenance is not cut off.
 */
const SETTINGS: Record<string, string> = {
  timezone: 'UTC',
  datestyle: 'ISO',
  intervalstyle: 'iso_8601',
  bytea_output: 'hex',
  extra_float_digits: '1',
  row_security: 'off',
  statement_timeout: '0',
  transaction_timeout: '0',
};

/** No limit: for reading, which holds up nobody while it waits. */
export const WAIT_FOR_LOCKS = '0';

/**
 * Brings a connection to these settings, in one statement. Not as startup `options`: a pooler refuses or forgets them.
 *
 * @param lasts for this transaction, or for the whole session, which must then be ours alone
 * @param lockTimeout longest wait for any lock, as PostgreSQL writes it; left alone when left out
 */
export async function applySettings(client: Queryable, lasts: 'transaction' | 'session', lockTimeout?: string): Promise<void> {
  const settings = lockTimeout === undefined ? SETTINGS : { ...SETTINGS, lock_timeout: lockTimeout };
  // transaction_timeout is not known before PostgreSQL 17.
  await client.query(
    `SELECT set_config(name, value, $3) FROM unnest($1::text[], $2::text[]) AS setting(name, value) WHERE current_setting(name, true) IS NOT NULL`,
    [Object.keys(settings), Object.values(settings), lasts === 'transaction'],
  );
}

function createPool(url: string): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: 'pg-reembed',
    connectionTimeoutMillis: 10_000,
    max: 12,
  });
  // An idle connection that the server closes must not end the process; the next query gets a new one.
  pool.on('error', () => {});
  return pool;
}

/**
 * Runs `work` in one transaction on one connection, under settings of its own; rolls back when it throws. Whatever depends
 * on a setting, or takes long, runs in here: a pooler may give the next transaction another session.
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
    await applySettings(client, 'transaction', lockTimeout);
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

/** Runs each query in a transaction of its own, under the settings of inTransaction(); unless told otherwise it waits for locks. */
export function inOwnTransactions(pool: pg.Pool, lockTimeout = WAIT_FOR_LOCKS): Queryable {
  const query = (text: string, values?: unknown[]) => inTransaction(pool, (client) => client.query(text, values), lockTimeout);
  return { query: query as unknown as pg.Pool['query'] };
}
