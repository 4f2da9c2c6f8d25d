import { counted, formatBytes } from '../wording.ts';
import { type Check, error, ok, warn } from './check.ts';
import { listed } from './wording.ts';

const OLDEST = 15;
const NEWEST = 18;
/** Connections beside those of a worker: a runner, status, doctor. */
const OTHER_CONNECTIONS = 4;
const LARGE_LAG = 64 * 1024 * 1024;

const postgresql: Check = {
  name: 'postgresql',
  async run({ db }) {
    const { rows } = await db.query<{ number: number; version: string }>(
      `SELECT current_setting('server_version_num')::integer AS number, current_setting('server_version') AS version`,
    );
    const { number = 0, version = '' } = rows[0] ?? {};
    const major = Math.floor(number / 10_000);
    if (major < OLDEST) return error(`PostgreSQL ${version} has no security_invoker views`, `upgrade to PostgreSQL ${OLDEST} to ${NEWEST}`);
    if (major > NEWEST)
      return warn(
        `PostgreSQL ${version} is newer than the versions that pg-reembed was tested with`,
        `rehearse the campaign on a copy, or use PostgreSQL ${OLDEST} to ${NEWEST}`,
      );
    return ok(`PostgreSQL ${version}`);
  },
};

const writable: Check = {
  name: 'writable',
  async run({ db }) {
    const { rows } = await db.query<{ standby: boolean; readOnly: string }>(
      `SELECT pg_is_in_recovery() AS standby, current_setting('default_transaction_read_only') AS "readOnly"`,
    );
    if (rows[0]?.standby) return error('this server is a standby and takes no writes', 'set DATABASE_URL to the primary');
    if (rows[0]?.readOnly === 'on')
      return error('default_transaction_read_only is on', 'find where it is set: SELECT * FROM pg_db_role_setting; then RESET it there');
    return ok('the server takes writes');
  },
};

const connections: Check = {
  name: 'connections',
  needsServer: true,
  async run({ db, config }) {
    const { rows } = await db.query<{ free: number; limit: number; what: string }>(
      `SELECT "limit" - used AS free, "limit", what FROM (
         SELECT current_setting('max_connections')::integer - current_setting('superuser_reserved_connections')::integer
                  - coalesce(current_setting('reserved_connections', true)::integer, 0) AS "limit",
                (SELECT sum(numbackends)::integer FROM pg_stat_database) AS used, 'max_connections' AS what
         UNION ALL
         SELECT d.datconnlimit, s.numbackends, 'the connection limit of the database'
           FROM pg_database AS d JOIN pg_stat_database AS s ON s.datid = d.oid WHERE d.datname = current_database() AND d.datconnlimit >= 0
         UNION ALL
         SELECT r.rolconnlimit, (SELECT count(*)::integer FROM pg_stat_activity AS a WHERE a.usesysid = r.oid), 'the connection limit of the role'
           FROM pg_roles AS r WHERE r.rolname = current_user AND r.rolconnlimit >= 0
       ) AS limits ORDER BY 1 LIMIT 1`,
    );
    const { free = 0, limit = 0, what = '' } = rows[0] ?? {};
    if (free >= config.connections + OTHER_CONNECTIONS) return ok(`${free} of ${limit} connections are free`);
    return warn(
      `only ${free} of ${limit} connections are free (${what}); a worker uses up to ${config.connections}`,
      'raise the limit, end idle sessions, run fewer workers, or lower REEMBED_CONNECTIONS',
    );
  },
};

const replicationRole: Check = {
  name: 'session_replication_role',
  needsServer: true,
  async run({ db }) {
    const { rows } = await db.query<{ value: string; places: string[] }>(
      `SELECT current_setting('session_replication_role') AS value,
              ARRAY(SELECT format('%s%s', coalesce('role ' || r.rolname, 'every role'), coalesce(' in database ' || d.datname, ''))
                      FROM pg_db_role_setting AS s LEFT JOIN pg_roles AS r ON r.oid = s.setrole LEFT JOIN pg_database AS d ON d.oid = s.setdatabase
                     WHERE (s.setdatabase = 0 OR d.datname = current_database())
                       AND EXISTS (SELECT FROM unnest(s.setconfig) AS c WHERE lower(c) = 'session_replication_role=replica')) AS places`,
    );
    const { value = '', places = [] } = rows[0] ?? {};
    const remedy = 'ALTER ROLE … (or DATABASE …) RESET session_replication_role; live writes are captured all the same, by ALWAYS triggers';
    if (value === 'replica')
      return error('session_replication_role is replica here: a change of reembed.setting would be stored without effect', remedy);
    if (places.length > 0)
      return warn(`session_replication_role is replica for ${listed(places)}: settings changed there have no effect`, remedy);
    return ok('triggers fire as usual');
  },
};

const replication: Check = {
  name: 'replication',
  needsServer: true,
  async run({ db }) {
    const { rows } = await db.query<{ level: string; replicas: number; lag: number | null; large: boolean }>(
      `SELECT current_setting('wal_level') AS level, count(r.pid)::integer AS replicas,
              max(r.behind)::double precision AS lag, max(r.behind) > $1 AS large
         FROM (SELECT) AS one
         LEFT JOIN (SELECT pid, CASE WHEN NOT pg_is_in_recovery() THEN pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn) END AS behind
                      FROM pg_stat_replication) AS r ON true`,
      [LARGE_LAG],
    );
    const { level = '', replicas = 0, lag = null, large = false } = rows[0] ?? {};
    if (replicas === 0) return ok(`wal_level is ${level}; no replica is connected`);
    if (lag === null) return ok(`wal_level is ${level}; ${counted(replicas, 'replica')}, whose lag is not visible to this role`);
    const finding = `wal_level is ${level}; ${counted(replicas, 'replica')}, the furthest ${formatBytes(lag)} behind`;
    if (!large) return ok(finding);
    return warn(finding, 'let it catch up before the backfill, or slow the workers: npm run setting -- requests_per_minute=…');
  },
};

const publications: Check = {
  name: 'logical replication',
  needsServer: true,
  needsSchema: true,
  async run({ db, targets }) {
    const tables = await targets();
    const { rows } = await db.query<{ publication: string; name: string }>(
      `SELECT p.pubname AS publication, format('%I.%I', p.schemaname, p.tablename) AS name
         FROM pg_publication_tables AS p JOIN pg_class AS c ON c.relname = p.tablename
         JOIN pg_namespace AS n ON n.oid = c.relnamespace AND n.nspname = p.schemaname WHERE c.oid = ANY ($1::oid[]) ORDER BY 1, 2`,
      [tables.map(({ oid }) => oid)],
    );
    if (rows.length === 0) return [];
    return warn(
      `published: ${listed(rows.map(({ publication, name }) => `${name} (${publication})`))}; logical replication carries no DDL`,
      'add the new columns on each subscriber before expand runs here, and change its columns in the same way at contract',
    );
  },
};

/** Checks of the server and its replication. */
export const serverChecks: Check[] = [postgresql, writable, connections, replicationRole, replication, publications];
