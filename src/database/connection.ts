import pg from 'pg';
import type { Config } from '../config.ts';
import { learnPassword } from '../secrets.ts';
import { isConnectionString } from './address.ts';
import { DirectUrlAlone, InvalidDatabaseUrl, translateDatabaseError, type UrlVariable } from './database-error.ts';
import { openEmbedded } from './embedded.ts';
import { refuseNewerObjects } from './objects-version.ts';
import { settleTls } from './preferred-tls.ts';
import { refuseUnfitDatabase } from './refuse-unfit-database.ts';

/** A connected database, either a server or the embedded one. */
export interface Database {
  pool: pg.Pool;
  url: string;
  /** true for the embedded PGlite, where all connections share a single session */
  embedded: boolean;
  /** folder of the embedded database, for locks that its single session cannot hold */
  directory: string;
  close(): Promise<void>;
}

/** The interface that a pool and a client share. */
export type Queryable = Pick<pg.Pool, 'query'>;

/**
 * Connects to DATABASE_URL, or starts (or finds) the embedded database.
 *
 * @throws InvalidDatabaseUrl, DatabaseUnreachable, LoginRefused and the like, each with its remedy; NewerObjects, EncodingNotUtf8, NonStandardStrings
 */
export async function openDatabase(config: Config): Promise<Database> {
  return open(config, config.databaseUrl, 'DATABASE_URL');
}

/** Like openDatabase(), but connects to DATABASE_DIRECT_URL if it is set, for work that needs a single session throughout. */
export async function openDirectDatabase(config: Config): Promise<Database> {
  return config.directUrl === undefined ? openDatabase(config) : open(config, config.directUrl, 'DATABASE_DIRECT_URL');
}

async function open(config: Config, serverUrl: string | undefined, variable: UrlVariable): Promise<Database> {
  if (config.databaseUrl === undefined && config.directUrl !== undefined) throw new DirectUrlAlone();
  if (serverUrl !== undefined && !isConnectionString(serverUrl)) throw new InvalidDatabaseUrl(variable);
  const embedded = serverUrl === undefined ? await openEmbedded({ directory: config.embeddedDirectory }) : undefined;
  const url = serverUrl === undefined ? (embedded?.url ?? '') : await settleTls(serverUrl);
  learnPassword(url);
  const pool = createPool(url, config.connections - queueConnections(config));
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
    await refuseUnfitDatabase(pool);
    await refuseNewerObjects(pool);
  } catch (error) {
    await database.close();
    throw translateDatabaseError(error, url, variable);
  }
  return database;
}

/**
 * The search_path under which names in our statements resolve to PostgreSQL's own objects. With a schema in which others may create
 * objects, PostgreSQL would call a function or operator of theirs that matches the arguments more exactly, with our privileges.
 */
const OWN_PATH = 'pg_catalog, pg_temp';

/**
 * Text forms from which JavaScript reads times, numbers and bytes correctly, whatever the role has set. Names are quoted only where they
 * must be, so that two texts of one name are equal. No statement is compiled, which takes longer than any of ours runs. No transaction is
 * SERIALIZABLE: one of the application could depend on it, and fail.
 */
const EVERYWHERE: Record<string, string> = {
  datestyle: 'ISO',
  bytea_output: 'hex',
  extra_float_digits: '1',
  jit: 'off',
  quote_all_identifiers: 'off',
  default_transaction_isolation: 'read committed',
};

/**
 * Settings that our statements rely on, whatever the role has set: keys have one text form, rows hidden by row level security raise an
 * error instead of being taken for deleted, and neither long maintenance nor a transaction that waits for a provider is cancelled.
 */
export const SETTINGS: Record<string, string> = {
  ...EVERYWHERE,
  timezone: 'UTC',
  intervalstyle: 'iso_8601',
  row_security: 'off',
  statement_timeout: '0',
  transaction_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  search_path: OWN_PATH,
};

/** No limit on lock waits. Only for reads, which block no one while they wait. */
export const WAIT_FOR_LOCKS = '0';

/**
 * Applies these settings to a connection in one statement. They are not startup `options`, because a pooler refuses or forgets those.
 *
 * @param lasts `transaction`: this transaction only; `session`: the whole session, which must be ours alone
 * @param lockTimeout longest wait for any lock, in PostgreSQL's notation; undefined leaves it unchanged
 */
export async function applySettings(client: Queryable, lasts: 'transaction' | 'session', lockTimeout?: string): Promise<void> {
  const settings = lockTimeout === undefined ? SETTINGS : { ...SETTINGS, lock_timeout: lockTimeout };
  // transaction_timeout does not exist before PostgreSQL 17. The embedded database shares its only session with the
  // application, whose search_path is left unchanged.
  await client.query(
    `SELECT pg_catalog.set_config(name, value, $3) FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.text[])) AS setting(name, value)
      WHERE pg_catalog.current_setting(name, true) IS NOT NULL
        AND ($3 OR name OPERATOR(pg_catalog.<>) 'search_path'::pg_catalog.text OR pg_catalog.current_setting('reembed.embedded', true) IS NULL)`,
    [Object.keys(settings), Object.values(settings), lasts === 'transaction'],
  );
}

/**
 * Sets our search_path and readable text forms on a new connection, and turns JIT compilation off, if its session is ours alone. A pooler
 * passes sessions on to other clients; it is recognized because it answers the login with a process id of its own. The time zone remains
 * the role's: messages have times for people.
 */
export async function keepOwnSettings(client: pg.ClientBase): Promise<void> {
  // The driver reads intervals in PostgreSQL's own style only.
  const settings = { ...EVERYWHERE, intervalstyle: 'postgres', search_path: OWN_PATH };
  await client.query(
    `SELECT pg_catalog.set_config(name, value, false) FROM ROWS FROM (pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.text[])) AS setting(name, value)
      WHERE pg_catalog.pg_backend_pid() OPERATOR(pg_catalog.=) $3::pg_catalog.int4 AND pg_catalog.current_setting('reembed.embedded', true) IS NULL`,
    [Object.keys(settings), Object.values(settings), (client as { processID?: number }).processID ?? 0],
  );
}

/**
 * SQL of a relation by the name the user wrote, resolved under the search_path of the user's role. Returns a column `oid`; $1 is the name.
 */
export const RELATION_AS_WRITTEN = `(
  SELECT w.oid FROM (SELECT set_config('search_path', s.reset_val, true), to_regclass($1)::oid AS oid, set_config('search_path', '${OWN_PATH}', true)
                       FROM pg_settings AS s WHERE s.name = 'search_path' OFFSET 0) AS w)`;

/** SQL of the schema in which the user's role creates a table by its bare name, as a subquery with a column `schema`. */
export const SCHEMA_OF_BARE_NAMES = `(
  SELECT w.schema FROM (SELECT set_config('search_path', s.reset_val, true), current_schema() AS schema, set_config('search_path', '${OWN_PATH}', true)
                          FROM pg_settings AS s WHERE s.name = 'search_path' OFFSET 0) AS w)`;

/** The part of a worker's connections that pg-boss has: a quarter. */
export function queueConnections({ connections }: Pick<Config, 'connections'>): number {
  return Math.floor(connections / 4);
}

/**
 * Connections with our settings.
 *
 * @param answerTimeoutMs longest wait for an answer, after which the connection is given up; for reads that somebody waits for, where the
 * network may be gone. Work waits without limit, because a statement may take hours
 */
export function createPool(url: string, max: number, answerTimeoutMs?: number): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: 'pg-reembed',
    connectionTimeoutMillis: 10_000,
    max,
    ...(answerTimeoutMs === undefined ? {} : { query_timeout: answerTimeoutMs }),
    onConnect: keepOwnSettings,
  });
  // Without a listener, an idle connection that the server closes would end the process. The next query gets a new connection.
  pool.on('error', () => {});
  return pool;
}

/**
 * Runs `work` in one transaction on one connection, with our settings; rolls back when it throws. Work that depends on a setting, or takes
 * long, must run in here, because a pooler may assign the next transaction to another session.
 *
 * @param lockTimeout longest wait for any lock, in PostgreSQL's notation; applies to this transaction only
 * @param isolation with REPEATABLE READ, all statements see the same rows
 */
export async function inTransaction<T>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<T>,
  lockTimeout = '500ms',
  isolation: 'READ COMMITTED' | 'REPEATABLE READ' = 'READ COMMITTED',
): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  // A connection that breaks reports it twice: to the running statement, and as this event, which would end the process without a listener.
  const onError = (error: Error) => {
    broken = error;
  };
  client.on('error', onError);
  try {
    // Named, because the session may be a pooler's, and a role may begin its transactions with another one.
    await client.query(`BEGIN ISOLATION LEVEL ${isolation}`);
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

/** Runs each query in its own transaction, with the settings of inTransaction(). By default it waits for locks without limit. */
export function inOwnTransactions(pool: pg.Pool, lockTimeout = WAIT_FOR_LOCKS): Queryable {
  const query = (text: string, values?: unknown[]) => inTransaction(pool, (client) => client.query(text, values), lockTimeout);
  return { query: query as unknown as pg.Pool['query'] };
}
