import type { Queryable } from '../database/connection.ts';
import { ELEMENT_TYPES } from '../database/element-types.ts';

/** A column of vectors, and the columns of its table that may hold the text they were made of. */
export interface VectorColumn {
  /** schema.table, or the table alone in schema public; quoted where needed, as `--table` takes it */
  table: string;
  column: string;
  /** null where the type names none */
  dimensions: number | null;
  /** estimate of the planner; null before the first ANALYZE */
  rows: number | null;
  /** text columns, those with the longest values first */
  textColumns: string[];
}

const OF_ENVIRONMENT = ['reembed', 'reembed_queue', 'information_schema'];

/** Lists the vector columns of a database without those that a running campaign fills, the largest tables first, at most a hundred. */
export async function listVectorColumns(db: Queryable): Promise<VectorColumn[]> {
  const filled = await columnsOfCampaigns(db);
  const { rows } = await db.query<VectorColumn>(
    `SELECT CASE n.nspname WHEN 'public' THEN '' ELSE quote_ident(n.nspname) || '.' END || quote_ident(c.relname) AS table, a.attname AS column,
            CASE WHEN a.atttypmod > 0 THEN a.atttypmod END AS dimensions,
            CASE WHEN c.reltuples >= 0 THEN c.reltuples::double precision END AS rows,
            ARRAY(SELECT x.attname::text FROM pg_attribute AS x
                    LEFT JOIN pg_stats AS s ON s.schemaname = n.nspname AND s.tablename = c.relname AND s.attname = x.attname
                   WHERE x.attrelid = c.oid AND x.attnum > 0 AND NOT x.attisdropped AND x.atttypid IN ('text'::regtype, 'varchar'::regtype)
                     AND NOT EXISTS (SELECT FROM unnest($3::oid[], $4::integer[]) AS f(relation, attnum) WHERE f.relation = c.oid AND f.attnum = x.attnum)
                   ORDER BY s.avg_width DESC NULLS LAST, x.attnum) AS "textColumns"
       FROM pg_attribute AS a JOIN pg_type AS y ON y.oid = a.atttypid JOIN pg_class AS c ON c.oid = a.attrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
      WHERE y.typname = ANY ($1) AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped
        AND n.nspname <> ALL ($2) AND n.nspname NOT LIKE 'pg\\_%'
        AND NOT EXISTS (SELECT FROM unnest($3::oid[], $4::integer[]) AS f(relation, attnum) WHERE f.relation = c.oid AND f.attnum = a.attnum)
      ORDER BY c.reltuples DESC, 1, 2 LIMIT 100`,
    [Object.keys(ELEMENT_TYPES), OF_ENVIRONMENT, filled.map(({ relation }) => relation), filled.map(({ attnum }) => attnum)],
  );
  return rows;
}

/** The new columns of campaigns before contract, and the columns that name the model of each vector, as far as this role may know. */
async function columnsOfCampaigns(db: Queryable): Promise<{ relation: string; attnum: number }[]> {
  const { rows: readable } = await db.query<{ yes: boolean | null }>(
    "SELECT has_table_privilege(to_regclass('reembed.vector_column'), 'SELECT') AS yes",
  );
  if (!readable[0]?.yes) return [];
  const { rows } = await db.query<{ relation: string; attnum: number }>(
    `SELECT v.relation::oid::text AS relation, v.attnum::integer AS attnum FROM reembed.vector_column AS v
      WHERE v.role = 'new' AND EXISTS (SELECT FROM reembed.vector_column AS o WHERE o.target = v.target AND o.role = 'old')
     UNION ALL
     SELECT v.relation::oid::text, v.version_attnum::integer FROM reembed.vector_column AS v WHERE v.version_attnum IS NOT NULL`,
  );
  return rows;
}
