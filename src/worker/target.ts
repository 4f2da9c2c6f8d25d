import pg from 'pg';
import type { Queryable } from '../database/connection.ts';

/** One column of vectors that workers may have to fill. */
export interface VectorColumn {
  role: 'new' | 'old';
  model: string;
  column: string;
  versionColumn: string | null;
  maintained: boolean;
  /** false for an old column that is NOT NULL: there an outdated vector stays until the new one comes */
  nullable: boolean;
}

/** What a worker has to know of a target to read and write its rows. */
export interface WorkTarget {
  name: string;
  /** qualified and quoted */
  table: string;
  keyColumns: string[];
  /** SQL types of the key columns, as format_type() gives them */
  keyTypes: string[];
  textSql: string;
  vectors: VectorColumn[];
  /** campaign the vectors belong to */
  migration: string;
  tokensPerCharacter: number;
  /** OID of the type vector, and its qualified name */
  vectorOid: number;
  vectorType: string;
}

/** Reads a target as it is in this moment; undefined when no campaign is left on it. */
export async function loadTarget(db: Queryable, name: string): Promise<WorkTarget | undefined> {
  const { rows } = await db.query<Omit<WorkTarget, 'vectors'>>(
    `SELECT t.name, format('%I.%I', n.nspname, c.relname) AS table, t.key_columns::text[] AS "keyColumns", t.text_sql AS "textSql",
            (SELECT array_agg(format_type(a.atttypid, a.atttypmod) ORDER BY array_position(t.key_columns, a.attname))
               FROM pg_attribute AS a WHERE a.attrelid = t.relation AND a.attname = ANY (t.key_columns)) AS "keyTypes",
            m.name AS migration, m.tokens_per_character::double precision AS "tokensPerCharacter",
            y.oid::bigint::double precision AS "vectorOid", format('%I.%I', yn.nspname, y.typname) AS "vectorType"
       FROM reembed.target AS t
       JOIN pg_class AS c ON c.oid = t.relation
       JOIN pg_namespace AS n ON n.oid = c.relnamespace
       JOIN reembed.vector_column AS v ON v.target = t.name AND v.role = 'new'
       JOIN reembed.migration AS m ON m.name = v.migration
       JOIN pg_extension AS e ON e.extname = 'vector'
       JOIN pg_type AS y ON y.typname = 'vector' AND y.typnamespace = e.extnamespace
       JOIN pg_namespace AS yn ON yn.oid = y.typnamespace
      WHERE t.name = $1`,
    [name],
  );
  const target = rows[0];
  if (!target) return undefined;
  const columns = await db.query<VectorColumn>(
    `SELECT v.role, v.model, v.column_name AS column, v.version_column AS "versionColumn", v.is_maintained AS maintained, NOT a.attnotnull AS nullable
       FROM reembed.vector_column AS v
       JOIN reembed.target AS t ON t.name = v.target
       JOIN pg_attribute AS a ON a.attrelid = t.relation AND a.attname = v.column_name
      WHERE v.target = $1`,
    [name],
  );
  return { ...target, vectors: columns.rows };
}

/** The column of one role, if the target has it in this phase. */
export function vectorColumn(target: WorkTarget, role: 'new' | 'old'): VectorColumn | undefined {
  return target.vectors.find((vector) => vector.role === role);
}

/** Key columns of the table, quoted, each behind `alias`. */
export function keyList(target: WorkTarget, alias?: string): string {
  return target.keyColumns.map((column) => (alias ? `${alias}.` : '') + pg.escapeIdentifier(column)).join(', ');
}

/** SQL for the key of a row as it stands in stale_row and failed_row. */
export function keyObject(target: WorkTarget, alias: string): string {
  const pairs = target.keyColumns.map((column, i) => {
    const value = `${alias}.${pg.escapeIdentifier(column)}`;
    return `${pg.escapeLiteral(column)}, ${isInstant(target.keyTypes[i]) ? `${value} AT TIME ZONE 'UTC'` : value}`;
  });
  return `jsonb_build_object(${pairs.join(', ')})`;
}

/** SQL that takes each key column out of such an object again, with its type. */
export function keyExpressions(target: WorkTarget, object: string): string[] {
  return target.keyColumns.map((column, i) => {
    const text = `(${object} ->> ${pg.escapeLiteral(column)})`;
    return isInstant(target.keyTypes[i]) ? `(${text}::timestamp AT TIME ZONE 'UTC')` : `${text}::${target.keyTypes[i]}`;
  });
}

// reembed.key_sql() writes a timestamptz in UTC, so that a key reads the same in every session.
function isInstant(type: string | undefined): boolean {
  return /^timestamp(\(\d\))? with time zone$/.test(type ?? '');
}

/** The same as one list, to compare with the key columns. */
export function keyFromObject(target: WorkTarget, object: string): string {
  return keyExpressions(target, object).join(', ');
}
