import { PG_MIGRATE_LOCK_ID } from 'node-pg-migrate';
import { counted, formatSeconds, plural } from '../wording.ts';
import { type Check, ok, type Verdict, warn } from './check.ts';
import { listed } from './wording.ts';

const OLD_TRANSACTION_SECONDS = 60;
const LONG_LOCK_SECONDS = 5;

interface Session {
  pid: number;
  who: string;
  seconds: number;
}

/** Transactions open for at least `least` seconds, for which DDL and concurrent index builds would wait. */
export const oldTransactions = (least = OLD_TRANSACTION_SECONDS): Check => ({
  name: 'old transactions',
  needsServer: true,
  async run({ db, role }) {
    const { rows } = await db.query<Session & { hidden: boolean }>(
      `SELECT pid, ${WHO} AS who, extract(epoch FROM now() - xact_start)::double precision AS seconds, xact_start IS NULL AS hidden
         FROM pg_stat_activity AS a
        WHERE datname = current_database() AND pid <> pg_backend_pid()
          AND (backend_type = 'client backend' AND xact_start < now() - make_interval(secs => $1) OR query = '<insufficient privilege>')
        ORDER BY xact_start`,
      [least],
    );
    const old = rows.filter(({ hidden }) => !hidden);
    const hidden = rows.length - old.length;
    const verdicts: Verdict[] = [];
    if (old.length > 0) {
      verdicts.push(
        warn(
          `${counted(old.length, 'transaction has', 'transactions have')} been open for ${formatSeconds(least)} or more: ${listed(old.map((session) => `${describe(session)}`))}; DDL and concurrent index builds wait for ${plural(old.length, 'it', 'them')}`,
          `let ${plural(old.length, 'it', 'them')} end, or end ${plural(old.length, 'it', 'them')}: SELECT pg_terminate_backend(${old[0]?.pid})`,
        ),
      );
    }
    if (hidden > 0)
      verdicts.push(warn(`could not examine ${counted(hidden, 'session')} of other roles`, `GRANT pg_read_all_stats TO ${role}`));
    return verdicts.length > 0 ? verdicts : ok(`none has been open for ${formatSeconds(least)}`);
  },
});

const preparedTransactions: Check = {
  name: 'prepared transactions',
  needsServer: true,
  async run({ db }) {
    const { rows } = await db.query<{ gid: string; text: string; seconds: number }>(
      `SELECT quote_literal(gid) AS gid, format('%L of %s', gid, owner) AS text, extract(epoch FROM now() - prepared)::double precision AS seconds
         FROM pg_prepared_xacts WHERE database = current_database() AND prepared < now() - make_interval(secs => $1) ORDER BY prepared`,
      [OLD_TRANSACTION_SECONDS],
    );
    if (rows.length === 0) return ok('there is none');
    return warn(
      `${counted(rows.length, 'prepared transaction')} ${plural(rows.length, 'keeps its', 'keep their')} locks: ${listed(rows.map(({ text, seconds }) => `${text} (${formatSeconds(seconds)})`))}`,
      `ask their owner, then: ROLLBACK PREPARED ${rows[0]?.gid}, or COMMIT PREPARED`,
    );
  },
};

const replicationSlots: Check = {
  name: 'replication slots',
  needsServer: true,
  async run({ db }) {
    const { rows } = await db.query<{ name: string; text: string; active: boolean; holds: boolean; slots: number }>(
      `SELECT quote_literal(slot_name) AS name, active, xmin IS NOT NULL AS holds, count(*) OVER ()::integer AS slots,
              format('%s (%s%s%s)', slot_name, CASE WHEN active THEN 'in use' ELSE 'not in use' END,
                     CASE WHEN xmin IS NOT NULL THEN format(', holds back VACUUM by %s transactions', age(xmin)) END,
                     CASE WHEN NOT active AND NOT pg_is_in_recovery() THEN ', keeps ' || pg_size_pretty(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn)) || ' of WAL' END) AS text
         FROM pg_replication_slots`,
    );
    const risky = rows.filter(({ active, holds }) => !active || holds);
    if (risky.length === 0)
      return ok(rows.length === 0 ? 'there is none' : `${counted(rows.length, 'slot')} in use; none holds back VACUUM`);
    const unused = risky.find(({ active }) => !active);
    return warn(
      `${listed(risky.map(({ text }) => text))}; a backfill writes much WAL and many dead rows`,
      unused
        ? `if nobody will come back for it: SELECT pg_drop_replication_slot(${unused.name})`
        : 'make sure that the replica keeps up, or turn its hot_standby_feedback off while rows are embedded',
    );
  },
};

const locks: Check = {
  name: 'locks',
  needsServer: true,
  needsSchema: true,
  async run({ db, targets }) {
    const tables = (await targets()).filter(({ exists }) => exists);
    if (tables.length === 0) return [];
    const { rows } = await db.query<Session & { lock: string }>(
      `SELECT a.pid, ${WHO} AS who, format('%s%s on %s', l.mode, CASE WHEN l.granted THEN '' ELSE ' (waiting)' END, l.relation::regclass) AS lock,
              coalesce(extract(epoch FROM now() - a.xact_start)::double precision, 0) AS seconds
         FROM pg_locks AS l JOIN pg_stat_activity AS a ON a.pid = l.pid
        WHERE l.locktype = 'relation' AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
          AND l.relation = ANY ($1::oid[]) AND a.pid <> pg_backend_pid()
          AND (l.mode NOT IN ('AccessShareLock', 'RowShareLock', 'RowExclusiveLock') OR NOT l.granted OR a.xact_start < now() - make_interval(secs => $2))
        ORDER BY a.xact_start`,
      [tables.map(({ oid }) => oid), LONG_LOCK_SECONDS],
    );
    if (rows.length === 0) return ok('no session blocks DDL on the registered tables');
    return warn(
      `DDL on the table has to wait for ${listed(rows.map((row) => `${row.lock}: ${describe(row)}`))}`,
      `wait, or end the session: SELECT pg_terminate_backend(${rows[0]?.pid}); autovacuum makes way automatically`,
    );
  },
};

const runner: Check = {
  name: 'migration runner',
  needsServer: true,
  async run({ db }) {
    const { rows } = await db.query<Session>(
      `SELECT a.pid, ${WHO} AS who, coalesce(extract(epoch FROM now() - a.backend_start)::double precision, 0) AS seconds
         FROM pg_locks AS l JOIN pg_stat_activity AS a ON a.pid = l.pid
        WHERE l.locktype = 'advisory' AND l.granted AND (l.classid::bigint << 32) + l.objid::bigint = $1
          AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
      [String(PG_MIGRATE_LOCK_ID)],
    );
    const [first] = rows;
    if (!first) return ok('no migration is running');
    return warn(
      `a migration is running: ${describe(first)}; another up or down is refused until it ends`,
      `wait for it; if its process is gone for good: SELECT pg_terminate_backend(${first.pid})`,
    );
  },
};

const WHO = `concat_ws(', ', nullif(a.application_name, ''), a.usename, host(a.client_addr), a.state, nullif(a.wait_event_type, 'Client') || ' wait')`;

function describe({ pid, who, seconds }: Session): string {
  return `process ${pid} (${who}, ${formatSeconds(seconds)})`;
}

/** Checks of other sessions that would make migrations wait. */
export const holdUpChecks: Check[] = [oldTransactions(), preparedTransactions, replicationSlots, locks, runner];
