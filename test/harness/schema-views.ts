import type pg from 'pg';

/** The views in the schemas of models, with their schemas, in alphabetical order. */
export async function schemaViews(pool: pg.Pool): Promise<string[]> {
  const { rows } = await pool.query<{ name: string }>(
    "SELECT concat_ws('.', schema, c.relname) AS name FROM reembed.schema_view AS w JOIN pg_class AS c ON c.oid = w.view ORDER BY 1",
  );
  return rows.map(({ name }) => name);
}

/** Names of the columns of a relation, in their order. */
export async function columnNames(pool: pg.Pool, relation: string): Promise<string[]> {
  const { rows } = await pool.query<{ attname: string }>(
    'SELECT attname FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum',
    [relation],
  );
  return rows.map(({ attname }) => attname);
}
