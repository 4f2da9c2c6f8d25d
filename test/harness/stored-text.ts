import type pg from 'pg';

/** Columns of the toolkit's own tables, including the queue's, that contain a text in any row. */
export async function columnsHolding(pool: pg.Pool, text: string): Promise<string[]> {
  const { rows } = await pool.query<{ schema: string; table: string; column: string }>(
    `SELECT n.nspname AS schema, c.relname AS table, a.attname AS column
       FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      WHERE n.nspname IN ('reembed', 'reembed_queue') AND c.relkind IN ('r', 'p') ORDER BY 1, 2, a.attnum`,
  );
  const found = [];
  for (const { schema, table, column } of rows) {
    const { rowCount } = await pool.query(`SELECT FROM ${schema}."${table}" WHERE strpos("${column}"::text, $1) > 0 LIMIT 1`, [text]);
    if (rowCount) found.push(`${table}.${column}`);
  }
  return found;
}
