import type { Queryable } from '../database/connection.ts';
import type { PhaseName } from '../database/migration-file.ts';

/** A registered table, from the catalog and schema reembed. */
export interface Target {
  name: string;
  /** false when the table has been dropped */
  exists: boolean;
  oid: number;
  /** schema of its views; empty when the table has been dropped */
  viewSchema: string;
  /** qualified and quoted name; the bare OID when the table has been dropped */
  table: string;
  column: string;
  /** OIDs of the side tables that hold its vectors */
  sideTables: number[];
  liveView: string;
  liveModelColumn: string;
  readModel: string;
  /** as an SQL identifier */
  owner: string;
  ownedByUs: boolean;
  /** newest campaign */
  campaign: string;
  phase: PhaseName;
  /** OIDs of the partitions that hold the rows of a partitioned table */
  leaves: number[];
  /** indexes on the new vectors, as they are called until contract */
  indexNames: string[];
}

/** Reads the registered tables, each with its newest campaign. */
export async function readTargets(db: Queryable): Promise<Target[]> {
  const { rows } = await db.query<Target>(
    `SELECT DISTINCT ON (t.name) t.name, c.oid IS NOT NULL AS exists, t.relation::oid AS oid, coalesce(reembed.view_schema(t.name), '') AS "viewSchema",
            CASE WHEN c.oid IS NULL THEN t.relation::oid::text ELSE format('%I.%I', n.nspname, c.relname) END AS table, t.column_name AS column,
            ARRAY(SELECT v.relation::oid FROM reembed.vector_column AS v JOIN pg_class AS s ON s.oid = v.relation
                   WHERE v.target = t.name AND v.storage = 'side_table') AS "sideTables",
            CASE WHEN c.relkind = 'p' THEN ARRAY(SELECT l.leaf::oid FROM reembed.leaves(t.relation) AS l) ELSE '{}' END AS leaves,
            t.live_view AS "liveView", t.live_model_column AS "liveModelColumn", s.read_model AS "readModel",
            coalesce(quote_ident(pg_get_userbyid(c.relowner)), '') AS owner, coalesce(pg_has_role(c.relowner, 'USAGE'), false) AS "ownedByUs",
            m.name AS campaign, m.phase, ARRAY(SELECT p.name::text FROM reembed.planned_index AS p WHERE p.campaign = m.name AND p.name IS NOT NULL AND p.definition IS NULL ORDER BY p.position) AS "indexNames"
       FROM reembed.target AS t
       JOIN reembed.setting AS s ON s.target = t.name
       JOIN reembed.campaign AS m ON m.target = t.name
       LEFT JOIN pg_class AS c ON c.oid = t.relation
       LEFT JOIN pg_namespace AS n ON n.oid = c.relnamespace
      ORDER BY t.name, m.created_at DESC`,
  );
  return rows;
}
