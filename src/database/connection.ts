import pg from 'pg';
import type { Config } from '../config.ts';
import { learnPassword } from '../secrets.ts';
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
  learnPassword(url);
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
 * Under it the names in our statements mean PostgreSQL's own. In a schema that others may create in, a function or operator that fits
 * more exactly than PostgreSQL's would be called in its place, with our rights.
 */
const OWN_PATH = 'pg_catalog, pg_temp';

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
  search_path: OWN_PATH,
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
  // transaction_timeout is not known before PostgreSQL 17; the only session of the embedded database is the application's as well.
  await client.query(
    `SELECT pg_catalog.set_config(name, value, $3) FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.text[])) AS setting(name, value)
      WHERE pg_catalog.current_setting(name, true) IS NOT NULL
        AND ($3 OR name OPERATOR(pg_catalog.<>) 'search_path'::pg_catalog.text OR pg_catalog.current_setting('reembed.embedded', true) IS NULL)`,
    [Object.keys(settings), Object.values(settings), lasts === 'transaction'],
  );
}

/**
 * Gives a new connection our search_path, where its session is ours alone: a pooler hands sessions on to others, and answers the login
 * with a process id of its own making.
 */
export async function keepOwnPath(client: pg.ClientBase): Promise<void> {
  await client.query(
    `SELECT pg_catalog.set_config('search_path', $1::pg_catalog.text, false)
      WHERE pg_catalog.pg_backend_pid() OPERATOR(pg_catalog.=) $2::pg_catalog.int4 AND pg_catalog.current_setting('reembed.embedded', true) IS NULL`,
    [OWN_PATH, (client as { processID?: number }).processID ?? 0],
  );
}

/** A relation by the name that the user wrote, as the sessions of the user's role find it. A column `oid`; $1 is the name. */
export const RELATION_AS_WRITTEN = `(
  SELECT w.oid FROM (SELECT set_config('search_path', s.reset_val, true), to_regclass($1)::oid AS oid, set_config('search_path', '${OWN_PATH}', true)
                       FROM pg_settings AS s WHERE s.name = 'search_path' OFFSET 0) AS w)`;

function createPool(url: string): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: 'pg-reembed',
    connectionTimeoutMillis: 10_000,
    max: 12,
    onConnect: keepOwnPath,
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
