import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { TABLE } from './documents.ts';
import { LOAD_NAME } from './live-load.ts';

/** State of the database at one moment, as far as filling vectors changes it. */
export interface Snapshot {
  relations: RelationSize[];
  updates: number;
  hotUpdates: number;
  deadTuples: number;
  autovacuums: number;
  /** position in the write-ahead log, in bytes */
  wal: number;
  /** WAL bytes written by the application's sessions; null before PostgreSQL 18 */
  walOfApplication: number | null;
}

/** Size of a table and its parts, in bytes. */
export interface RelationSize {
  name: string;
  schema: string;
  heap: number;
  toast: number;
  indexes: Record<string, number>;
  holdsVectors: boolean;
}

/** Growth between two snapshots, in bytes. */
export interface Growth {
  /** of the application's table */
  heap: number;
  toast: number;
  indexes: Record<string, number>;
  /** a separate table for the new vectors; null if there is none */
  vectorTable: { heap: number; toast: number; indexes: number } | null;
  /** everything else, such as a ledger and a queue */
  bookkeeping: number;
  total: number;
}

/** Reads sizes and counters. */
export async function takeSnapshot(client: pg.Client, when?: 'after a checkpoint'): Promise<Snapshot> {
  if (when) await client.query('CHECKPOINT');
  // Counters cached in this session may be outdated.
  await client.query('SELECT pg_stat_clear_snapshot()');
  const relations = await client.query<RelationSize>(
    `SELECT c.relname AS name, n.nspname AS schema, pg_table_size(c.oid)::float8 - coalesce(pg_total_relation_size(t.oid), 0)::float8 AS heap,
            coalesce(pg_total_relation_size(t.oid), 0)::float8 AS toast,
            coalesce((SELECT jsonb_object_agg(x.relname, pg_relation_size(x.oid))
                        FROM pg_index AS i JOIN pg_class AS x ON x.oid = i.indexrelid WHERE i.indrelid = c.oid), '{}') AS indexes,
            EXISTS (SELECT FROM pg_attribute AS a WHERE a.attrelid = c.oid AND a.atttypid = 'vector'::regtype AND NOT a.attisdropped)
              AS "holdsVectors"
       FROM pg_class AS c
       JOIN pg_namespace AS n ON n.oid = c.relnamespace
       LEFT JOIN pg_class AS t ON t.oid = c.reltoastrelid
      WHERE c.relkind = 'r' AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
      ORDER BY n.nspname, c.relname`,
  );
  const counters = await client.query<Omit<Snapshot, 'relations' | 'walOfApplication'>>(
    `SELECT n_tup_upd::float8 AS updates, n_tup_hot_upd::float8 AS "hotUpdates", n_dead_tup::float8 AS "deadTuples",
            (autovacuum_count)::float8 AS autovacuums, pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8 AS wal
       FROM pg_stat_user_tables WHERE relname = $1`,
    [TABLE],
  );
  const [counted] = counters.rows;
  if (!counted) throw new Error(`table ${TABLE} does not exist`);
  return { ...counted, relations: relations.rows, walOfApplication: await walOfApplication(client) };
}

async function walOfApplication(client: pg.Client): Promise<number | null> {
  const { rows } = await client.query<{ version: number }>("SELECT current_setting('server_version_num')::integer AS version");
  if ((rows[0]?.version ?? 0) < 180_000) return null;
  const wal = await client.query<{ bytes: number }>(
    `SELECT coalesce(sum(w.wal_bytes), 0)::float8 AS bytes
       FROM pg_stat_activity AS a, pg_stat_get_backend_wal(a.pid) AS w WHERE a.datname = current_database() AND a.application_name = $1`,
    [LOAD_NAME],
  );
  return wal.rows[0]?.bytes ?? 0;
}

/** Waits until the contender's sessions have ended: a session updates the counters only at its end. */
export async function sessionsToEnd(client: pg.Client): Promise<void> {
  const giveUpAt = Date.now() + 10_000;
  for (;;) {
    const { rowCount } = await client.query(
      `SELECT FROM pg_stat_activity
        WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid() AND application_name <> $1`,
      [LOAD_NAME],
    );
    if (rowCount === 0) return;
    if (Date.now() > giveUpAt) throw new Error(`${rowCount} sessions of the contender are still open`);
    await sleep(20);
  }
}

/** Growth from one snapshot to the other; tables that were created in between count as a whole. */
export function growthBetween(before: Snapshot, after: Snapshot): Growth {
  const growth: Growth = { heap: 0, toast: 0, indexes: {}, vectorTable: null, bookkeeping: 0, total: 0 };
  for (const relation of after.relations) {
    const former = before.relations.find(({ name, schema }) => name === relation.name && schema === relation.schema);
    const heap = relation.heap - (former?.heap ?? 0);
    const toast = relation.toast - (former?.toast ?? 0);
    const indexes = Object.fromEntries(
      Object.entries(relation.indexes).map(([name, bytes]) => [name, bytes - (former?.indexes[name] ?? 0)]),
    );
    const ofIndexes = Object.values(indexes).reduce((sum, bytes) => sum + bytes, 0);
    if (relation.name === TABLE && relation.schema === 'public') Object.assign(growth, { heap, toast, indexes });
    else if (relation.holdsVectors) growth.vectorTable = { heap, toast, indexes: ofIndexes };
    else growth.bookkeeping += heap + toast + ofIndexes;
    growth.total += heap + toast + ofIndexes;
  }
  return growth;
}
