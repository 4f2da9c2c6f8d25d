import type pg from 'pg';
import { OLD_DIMENSIONS, OLD_MODEL, textOf, vectorText } from './documents.ts';
import { vectorOf } from './provider.ts';
import type { Stage } from './stage.ts';

/** Inserts rows of the usual texts with their old vectors into a table with the columns shelf, id, content and embedding. */
export async function fillShelves(pool: pg.Pool, table: string, rows: { shelf: number; id: number }[]): Promise<void> {
  await pool.query(
    `INSERT INTO ${table} (shelf, id, content, embedding) SELECT * FROM unnest($1::integer[], $2::bigint[], $3::text[], $4::vector[])`,
    [
      rows.map(({ shelf }) => shelf),
      rows.map(({ id }) => id),
      rows.map(({ id }) => textOf(id)),
      rows.map(({ id }) => vectorText(vectorOf(OLD_MODEL, textOf(id), OLD_DIMENSIONS))),
    ],
  );
}

/** The leaves that createShelves() makes. */
export const LEAVES = ['shelves_0', 'shelves_1', 'shelves_2_a', 'shelves_2_b', 'shelves_rest'];

/** A table, partitioned by list into shelves 0, 1, 2 and the rest, of which shelf 2 is divided by hash; one partition has its columns in another order. */
export async function createShelves(pool: pg.Pool, rows: number, table = 'shelves'): Promise<void> {
  await pool.query(`
    CREATE TABLE ${table} (shelf integer NOT NULL, id bigint NOT NULL, content text, embedding vector(${OLD_DIMENSIONS}), PRIMARY KEY (shelf, id)) PARTITION BY LIST (shelf);
    CREATE TABLE ${table}_0 PARTITION OF ${table} FOR VALUES IN (0);
    CREATE TABLE ${table}_1 (gone integer, embedding vector(${OLD_DIMENSIONS}), id bigint NOT NULL, content text, shelf integer NOT NULL);
    ALTER TABLE ${table}_1 DROP COLUMN gone;
    ALTER TABLE ${table} ATTACH PARTITION ${table}_1 FOR VALUES IN (1);
    CREATE TABLE ${table}_2 PARTITION OF ${table} FOR VALUES IN (2) PARTITION BY HASH (id);
    CREATE TABLE ${table}_2_a PARTITION OF ${table}_2 FOR VALUES WITH (MODULUS 2, REMAINDER 0);
    CREATE TABLE ${table}_2_b PARTITION OF ${table}_2 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
    CREATE TABLE ${table}_rest PARTITION OF ${table} DEFAULT`);
  await fillShelves(
    pool,
    table,
    Array.from({ length: rows }, (_, i) => ({ shelf: (i + 1) % 4, id: i + 1 })),
  );
  await pool.query(`CREATE INDEX ${table}_embedding_idx ON ${table} USING hnsw (embedding vector_cosine_ops)`);
}

/** Names of the valid indexes of the leaves of shelves on a column. */
export async function leafIndexes({ db }: Stage, column: string): Promise<string[]> {
  const { rows } = await db.pool.query<{ name: string }>(
    `SELECT c.relname AS name FROM reembed.leaves('shelves') AS l JOIN pg_index AS i ON i.indrelid = l.leaf AND i.indisvalid JOIN pg_class AS c ON c.oid = i.indexrelid
      WHERE c.oid IN (SELECT reembed.vector_indexes(l.leaf, $1)) ORDER BY c.relname COLLATE "C"`,
    [column],
  );
  return rows.map(({ name }) => name);
}

/** Among how many leaves the function that searches the live view of shelves shares its candidates. */
export async function sharingLeaves({ db }: Stage): Promise<number> {
  const { rows } = await db.pool.query<{ body: string }>(
    "SELECT prosrc AS body FROM pg_proc WHERE oid = 'reembed_live.nearest_shelves'::regproc",
  );
  return Number(/ceil\(\$3 \/ (\d+)\.0\)/.exec(rows[0]?.body ?? '')?.[1]);
}
