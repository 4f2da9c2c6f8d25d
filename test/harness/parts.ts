import type pg from 'pg';
import { fits, textOf, vectorText } from './documents.ts';
import { vectorOf } from './provider.ts';

/** Models of the two collections whose vectors are in one column without dimensions. */
const MODEL_OF = { a: 'old-model', b: 'other-model' } as const;
const DIMENSIONS_OF = { a: 16, b: 8 } as const;

/** Creates a table of two collections, each with vectors of a model of its own, and of rows without a collection. */
export async function createCollections(pool: pg.Pool, table: string, rows: number): Promise<void> {
  await pool.query(`CREATE TABLE ${table} (id bigint PRIMARY KEY, collection text, content text, embedding vector)`);
  const ids = Array.from({ length: rows }, (_, i) => i + 1);
  const collectionOf = (i: number) => [null, 'a', 'a', 'b'][i % 4] as 'a' | 'b' | null;
  const stored = ids.map((i) => {
    const collection = collectionOf(i) ?? 'b';
    return vectorText(vectorOf(MODEL_OF[collection], textOf(i), DIMENSIONS_OF[collection]));
  });
  await pool.query(`INSERT INTO ${table} SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::vector[])`, [
    ids,
    ids.map(collectionOf),
    ids.map(textOf),
    stored,
  ]);
}

/** Every row outside of a collection, as it is stored: to compare before and after. */
export async function otherRows(pool: pg.Pool, table: string, collection: string): Promise<unknown[]> {
  const { rows } = await pool.query(
    `SELECT ctid::text, xmin::text, t.* FROM ${table} AS t WHERE collection IS DISTINCT FROM $1 ORDER BY id`,
    [collection],
  );
  return rows;
}

/** Vectors of a collection in the side table of a campaign that are missing, or not those of the present text, or too many. */
export async function wrongInPart(
  pool: pg.Pool,
  { table, collection, side, model, dimensions }: { table: string; collection: string; side: string; model: string; dimensions: number },
): Promise<string[]> {
  const { rows } = await pool.query<{ id: string; content: string | null; vector: string | null }>(
    `SELECT coalesce(t.id, s.id)::text AS id, t.content, s.embedding::text AS vector
       FROM (SELECT * FROM ${table} WHERE collection = $1) AS t FULL JOIN ${side} AS s ON s.id = t.id ORDER BY 1`,
    [collection],
  );
  return rows.flatMap(({ id, content, vector }) => {
    return fits(vector, model, content, dimensions) ? [] : [id];
  });
}

/** Rows of a collection whose vector in the column of the table is missing, or not that of the present text. */
export async function wrongInColumn(
  pool: pg.Pool,
  { table, collection, model, dimensions }: { table: string; collection: string; model: string; dimensions: number },
): Promise<string[]> {
  const { rows } = await pool.query<{ id: string; content: string | null; vector: string | null }>(
    `SELECT id::text, content, embedding::text AS vector FROM ${table} WHERE collection = $1 ORDER BY id`,
    [collection],
  );
  return rows.flatMap(({ id, content, vector }) => (fits(vector, model, content, dimensions) ? [] : [id]));
}
