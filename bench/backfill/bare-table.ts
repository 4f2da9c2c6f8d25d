import type pg from 'pg';
import { copyRows } from './binary-copy.ts';
import { NEW_MODEL, TABLE } from './documents.ts';
import type { VectorSpace } from './vectors.ts';

/** A table with keys, vectors and the model's name, without an index: no storage can be filled faster. */
export const BARE_TABLE = `${TABLE}_v2`;

export async function createBareTable(client: pg.Client, dimensions: number): Promise<void> {
  await client.query(`CREATE TABLE ${BARE_TABLE} (id bigint, embedding vector(${dimensions}), model_version text)`);
}

/** Fills the table with the vectors of rows 1 to `rows`. */
export async function fillBareTable(client: pg.Client, space: VectorSpace, rows: number, onRows?: (rows: number) => void): Promise<void> {
  await copyRows(
    client,
    `${BARE_TABLE} (id, embedding, model_version)`,
    rows,
    (fields, row) => {
      fields.begin(3);
      fields.bigint(row);
      fields.vector(space, row, 0);
      fields.text(NEW_MODEL);
    },
    onRows,
  );
}
