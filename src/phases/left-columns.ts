import type { Queryable } from '../database/connection.ts';

/**
 * The statements that drop what `release` and `forget` leave in the table of a target: the columns that name the model of each vector beside
 * a column that the application keeps. An application may list them among its columns, so that it decides when they go.
 */
export async function readLeftColumns(db: Queryable, target: string): Promise<string[]> {
  const { rows } = await db.query<{ statement: string }>(
    `SELECT format('ALTER TABLE %s DROP COLUMN %I', v.relation::regclass, v.version_column) AS statement
       FROM reembed.vector_column AS v JOIN pg_class AS c ON c.oid = v.relation
      WHERE v.target = $1 AND v.storage = 'column' AND v.version_column IS NOT NULL
        AND NOT EXISTS (SELECT FROM reembed.own_vectors($1) AS o WHERE o.relation = v.relation AND o.version_column = v.version_column)`,
    [target],
  );
  return rows.map(({ statement }) => statement);
}

/** What a command says of these columns; empty where there are none. */
export function leftColumnsText(statements: readonly string[]): string {
  return statements.length === 0
    ? ''
    : ` The column that named the model of each vector stays; when no application names it: ${statements.join('; ')}.`;
}
