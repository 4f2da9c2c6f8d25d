import type { Queryable } from '../database/connection.ts';

/** One column of vectors that workers may have to fill. */
export interface VectorColumn {
  role: 'new' | 'old';
  model: string;
  column: string;
  maintained: boolean;
}

/** What a worker has to know of a target to read and write its rows. */
export interface WorkTarget {
  name: string;
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
    `SELECT t.name, m.name AS migration, m.tokens_per_character::double precision AS "tokensPerCharacter",
            y.oid::bigint::double precision AS "vectorOid", format('%I.%I', yn.nspname, y.typname) AS "vectorType"
       FROM reembed.target AS t
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
    `SELECT v.role, v.model, v.column_name AS column, v.is_maintained AS maintained
       FROM reembed.vector_column AS v
      WHERE v.target = $1`,
    [name],
  );
  return { ...target, vectors: columns.rows };
}

/** The column of one role, if the target has it in this phase. */
export function vectorColumn(target: WorkTarget, role: 'new' | 'old'): VectorColumn | undefined {
  return target.vectors.find((vector) => vector.role === role);
}
