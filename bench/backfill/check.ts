import type pg from 'pg';
import { createDraw } from '../../storm/draw.ts';
import type { Result } from './contender.ts';
import { NEW_MODEL, readTag, TABLE, type TableOptions } from './documents.ts';
import { createVectorSpace } from './vectors.ts';

/** Result of the check of a contender's vectors. */
export interface Check {
  /** number of rows whose vector was compared component by component */
  compared: number;
  /** number of rows written meanwhile that lack the vector of their current text */
  outdated: number;
}

const SAMPLE = 1000;
const ROWS_AT_ONCE = 250;

/**
 * Counts the vectors, and compares those of a sample and of every row that the application wrote.
 *
 * @param touched rows that the application inserted or whose text it changed
 * @throws when a vector is missing or wrong
 */
export async function checkVectors(client: pg.Client, result: Result, table: TableOptions, touched: number[]): Promise<Check> {
  await countVectors(client, result, table);
  const draw = createDraw(table.seed, 'check');
  const written = new Set(touched);
  const untouched = new Set(
    Array.from({ length: Math.min(SAMPLE, table.rows) }, () => draw.between(1, table.rows)).filter((id) => !written.has(id)),
  );
  const wrong = await rowsWithAnotherVector(client, result, table, [...untouched]);
  if (wrong.length > 0) throw new Error(`${wrong.length} rows have a wrong vector, such as row ${wrong[0]}`);
  const outdated = await rowsWithAnotherVector(client, result, table, touched);
  if (result.isCurrent && outdated.length > 0) {
    throw new Error(`${outdated.length} rows lack the vector of their current text, such as row ${outdated[0]}`);
  }
  return { compared: untouched.size + touched.length, outdated: outdated.length };
}

async function countVectors(client: pg.Client, { relation, column, isCurrent }: Result, table: TableOptions): Promise<void> {
  const { rows } = await client.query<{ vectors: string; expected: string }>(
    `SELECT (SELECT count(${column}) FROM ${relation} WHERE $1::bigint IS NULL OR id <= $1) AS vectors,
            (SELECT count(*) FROM ${TABLE} WHERE $1::bigint IS NULL OR id <= $1) AS expected`,
    [isCurrent ? null : table.rows],
  );
  const { vectors, expected } = rows[0] ?? {};
  if (vectors !== expected) throw new Error(`${vectors} vectors for ${expected} rows`);
}

async function rowsWithAnotherVector(client: pg.Client, result: Result, table: TableOptions, ids: number[]): Promise<number[]> {
  const space = createVectorSpace(NEW_MODEL, table.dimensions, table.seed);
  const found: number[] = [];
  for (let at = 0; at < ids.length; at += ROWS_AT_ONCE) {
    const some = ids.slice(at, at + ROWS_AT_ONCE);
    const { rows } = await client.query<{ id: string; content: string; vector: string | null }>(
      `SELECT t.id, t.content, v.${result.column}::text AS vector FROM ${TABLE} AS t LEFT JOIN ${result.relation} AS v ON v.id = t.id
        WHERE t.id = ANY ($1)`,
      [some],
    );
    if (rows.length !== some.length) throw new Error(`${some.length - rows.length} rows are duplicated or missing`);
    for (const { id, content, vector } of rows) {
      const { version } = readTag(content);
      const stored = Float32Array.from(JSON.parse(vector ?? '[]') as number[]);
      const expected = space.floats(Number(id), version);
      if (stored.length !== expected.length || !expected.every((component, i) => component === stored[i])) found.push(Number(id));
    }
  }
  return found;
}
