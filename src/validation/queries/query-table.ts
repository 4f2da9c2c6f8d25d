import pg from 'pg';
import { type Queryable, RELATION_AS_WRITTEN } from '../../database/connection.ts';
import { ColumnMissing, NoQueries, QueryTableMissing } from '../validation-error.ts';
import type { Judgements } from './judgements.ts';
import { DEFAULT_SAMPLE, NO_VALUE, type QuerySource, type TextQuery } from './queries.ts';

interface TableOptions {
  /** maximum number of queries */
  sample?: number | undefined;
  /** queries that are drawn first; all of them are used unless `sample` is lower */
  judged?: Judgements | undefined;
  /** columns by which results are sliced */
  sliceBy?: readonly string[];
  /** the same seed draws the same queries */
  seed: number;
}

/**
 * Draws random queries from a table or view of the user.
 *
 * @throws QueryTableMissing, ColumnMissing, NoQueries
 */
export async function readQueryTable(
  db: Queryable,
  source: Extract<QuerySource, { kind: 'table' }>,
  { sample, judged, sliceBy = [], seed }: TableOptions,
): Promise<TextQuery[]> {
  const table = await findTable(db, source.table);
  await requireColumn(db, table, source.textColumn, '--query-text');
  if (source.idColumn !== undefined) await requireColumn(db, table, source.idColumn, '--query-id');
  for (const column of sliceBy) await requireColumn(db, table, column, '--slice-by');
  const text = `q.${pg.escapeIdentifier(source.textColumn)}::text`;
  const id = source.idColumn === undefined ? text : `coalesce(q.${pg.escapeIdentifier(source.idColumn)}::text, ${text})`;
  const { rows } = await db.query<TextQuery>(
    `SELECT id, text, slices FROM (SELECT ${id} AS id, ${text} AS text, ${slicesSql('q', sliceBy)} AS slices FROM ${table} AS q) AS q
      WHERE reembed.has_text(text)
      ORDER BY id = ANY ($2::text[]) DESC, hashtextextended(id COLLATE "C", $3)
      LIMIT $1`,
    [sample ?? Math.max(DEFAULT_SAMPLE, judged?.size ?? 0), [...(judged?.keys() ?? [])], seed],
  );
  if (rows.length === 0)
    throw new NoQueries(
      `${table} has no query in ${source.textColumn}`,
      'name another table or column, or use the rows as queries: npm run validate',
    );
  return rows;
}

/** SQL of a JSON object with the values of the given columns of a row. */
export function slicesSql(row: string, columns: readonly string[]): string {
  const values = columns.map(
    (column) => `${pg.escapeLiteral(column)}, coalesce(${row}.${pg.escapeIdentifier(column)}::text, ${pg.escapeLiteral(NO_VALUE)})`,
  );
  return `pg_catalog.jsonb_build_object(${values.join(', ')})`;
}

/**
 * Checks that a table has a column.
 *
 * @param table qualified and quoted name
 * @throws ColumnMissing with the columns of the table
 */
export async function requireColumn(db: Queryable, table: string, column: string, option: string): Promise<void> {
  const { rows } = await db.query<{ name: string }>(
    'SELECT attname AS name FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped ORDER BY attnum',
    [table],
  );
  const known = rows.map(({ name }) => name);
  if (!known.includes(column)) throw new ColumnMissing(table, column, option, known);
}

async function findTable(db: Queryable, name: string): Promise<string> {
  const { rows } = await db
    .query<{ table: string }>(
      `SELECT format('%I.%I', n.nspname, c.relname) AS table FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE c.oid = ${RELATION_AS_WRITTEN} AND c.relkind IN ('r', 'p', 'v', 'm', 'f')`,
      [name],
    )
    .catch((error: { code?: string }) => {
      // Not a valid name, or a name in another database.
      if (error.code === '42601' || error.code === '42602' || error.code === '0A000') return { rows: [] };
      throw error;
    });
  if (!rows[0]) throw new QueryTableMissing(name);
  return rows[0].table;
}
