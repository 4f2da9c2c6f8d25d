import type { Queryable } from '../database/connection.ts';
import { ELEMENT_TYPES } from '../database/element-types.ts';

/** Lists tables with a vector column, at most a hundred, by their unquoted qualified names. */
export async function tablesWithVectors(db: Queryable): Promise<{ oid: number; name: string }[]> {
  const { rows } = await db.query<{ oid: number; name: string }>(
    `SELECT DISTINCT c.oid, format('%s.%s', n.nspname, c.relname) AS name
       FROM pg_attribute AS a JOIN pg_type AS y ON y.oid = a.atttypid JOIN pg_class AS c ON c.oid = a.attrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
      WHERE y.typname = ANY ($1) AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND NOT a.attisdropped AND n.nspname <> 'reembed' ORDER BY 2 LIMIT 100`,
    [Object.keys(ELEMENT_TYPES)],
  );
  return rows;
}
