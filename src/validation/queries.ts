import pg from 'pg';
import type { Queryable } from '../database/connection.ts';
import type { Campaign } from './campaign.ts';
import type { Judgements } from './judgements.ts';
import { readLines } from './read-lines.ts';
import { BadLine, ColumnMissing, NoQueries, QueryTableMissing } from './validation-error.ts';

/** Where sample queries come from. */
export type QuerySource =
  | { kind: 'rows' }
  | { kind: 'file'; path: string }
  | { kind: 'table'; table: string; textColumn: string; idColumn?: string | undefined };

/** A query to be embedded by both models. */
export interface TextQuery {
  /** what judgements call it */
  id: string;
  text: string;
}

/** A query with its vector in each model, in pgvector's text form. */
export interface VectorQuery {
  /** what judgements call it */
  id: string;
  /** how it is shown and stored */
  label: string;
  oldVector: string;
  newVector: string;
  /** key of the row it was drawn from, which must not be among its own results */
  ownKey?: string;
}

/** Queries drawn from the rows or from a query table, where no number is given. */
export const DEFAULT_SAMPLE = 200;

/**
 * Reads queries from a file: `.jsonl` with {"id", "text"} a line (BEIR's "_id" will do), any other with one query a
 * line. A query without an id of its own gets the number of its line.
 *
 * @param sample most queries to use, spread evenly over the file; all when left out
 * @param judged queries that come first when not all are used
 * @throws FileUnreadable, BadLine with the number of the line, NoQueries
 */
export function readQueryFile(path: string, sample?: number, judged?: Judgements): TextQuery[] {
  const isJson = /\.(jsonl|ndjson|json)$/i.test(path);
  const seen = new Set<string>();
  const queries = readLines(path, '--queries').map(({ number, text }) => {
    const query = isJson ? parseQuery(path, number, text) : { id: String(number), text };
    if (seen.has(query.id)) throw new BadLine(path, number, `query ${query.id} is there twice`, 'give every query an id of its own');
    seen.add(query.id);
    return query;
  });
  if (queries.length === 0) throw new NoQueries(`${path} has no query in it`, 'give one query a line');
  if (sample === undefined || sample >= queries.length) return queries;
  const first = queries.filter((query) => judged?.has(query.id));
  const others = queries.filter((query) => !judged?.has(query.id));
  return [...spread(first, sample), ...spread(others, Math.max(0, sample - first.length))];
}

/**
 * Draws queries at random from a table or view of the user's. Judged ones come first, and all of them are taken unless
 * `sample` says otherwise.
 *
 * @throws QueryTableMissing, ColumnMissing, NoQueries
 */
export async function readQueryTable(
  db: Queryable,
  source: Extract<QuerySource, { kind: 'table' }>,
  sample?: number,
  judged?: Judgements,
): Promise<TextQuery[]> {
  const table = await findTable(db, source.table);
  await requireColumn(db, table, source.textColumn, '--query-text');
  if (source.idColumn !== undefined) await requireColumn(db, table, source.idColumn, '--query-id');
  const text = `q.${pg.escapeIdentifier(source.textColumn)}::text`;
  const id = source.idColumn === undefined ? text : `coalesce(q.${pg.escapeIdentifier(source.idColumn)}::text, ${text})`;
  const { rows } = await db.query<TextQuery>(
    `SELECT id, text FROM (SELECT ${id} AS id, ${text} AS text FROM ${table} AS q) AS q
      WHERE reembed.has_text(text)
      ORDER BY id = ANY ($2::text[]) DESC, random()
      LIMIT $1`,
    [sample ?? Math.max(DEFAULT_SAMPLE, judged?.size ?? 0), [...(judged?.keys() ?? [])]],
  );
  if (rows.length === 0)
    throw new NoQueries(
      `${table} has no query in ${source.textColumn}`,
      'name another table or column, or let the rows be the queries: npm run validate',
    );
  return rows;
}

/**
 * Draws rows at random that have a text and both vectors. Each row's stored vectors are the query vectors of the two
 * models, so no provider is called and nothing is paid.
 *
 * @throws NoQueries when no row has both vectors
 */
export async function drawRows(db: Queryable, campaign: Campaign, sample: number = DEFAULT_SAMPLE): Promise<VectorQuery[]> {
  // Cast outside: the sort then moves pointers to the vectors, not their text.
  const { rows } = await db.query<{ key: string; oldVector: string; newVector: string }>(
    `SELECT key, old::text AS "oldVector", new::text AS "newVector"
       FROM (SELECT ${campaign.keyText} AS key, ${campaign.old.vector} AS old, ${campaign.new.vector} AS new
               FROM (SELECT t.* FROM ${campaign.table} AS t WHERE ${campaign.hasText}) AS t ${campaign.old.join} ${campaign.new.join}
              WHERE ${campaign.old.vector} IS NOT NULL AND ${campaign.new.vector} IS NOT NULL
              ORDER BY random() LIMIT $1) AS drawn`,
    [sample],
  );
  const queries = rows
    .filter((row) => !isZero(row.oldVector) && !isZero(row.newVector))
    .map((row) => ({ id: row.key, label: row.key, ownKey: row.key, ...row }));
  if (queries.length === 0)
    throw new NoQueries(`no row of ${campaign.table} has a vector of both models yet`, 'let the workers embed rows first: npm run worker');
  return queries;
}

/**
 * Fails unless a table has a column.
 *
 * @param table qualified and quoted
 * @throws ColumnMissing with the columns there are
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
        WHERE c.oid = to_regclass($1) AND c.relkind IN ('r', 'p', 'v', 'm', 'f')`,
      [name],
    )
    .catch((error: { code?: string }) => {
      // Not even a name, or one of another database.
      if (error.code === '42601' || error.code === '42602' || error.code === '0A000') return { rows: [] };
      throw error;
    });
  if (!rows[0]) throw new QueryTableMissing(name);
  return rows[0].table;
}

function parseQuery(path: string, number: number, line: string): TextQuery {
  const example = 'give one object a line, like {"id": "1", "text": "red shoes"}';
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new BadLine(path, number, 'not JSON', example);
  }
  const { id, _id, text } = (value ?? {}) as { id?: unknown; _id?: unknown; text?: unknown };
  if (typeof text !== 'string' || text.trim() === '') throw new BadLine(path, number, 'no "text"', example);
  const known = id ?? _id ?? number;
  if (typeof known !== 'string' && typeof known !== 'number') throw new BadLine(path, number, '"id" is neither text nor number', example);
  return { id: String(known), text };
}

/** `count` items at even distances, the same at every call. */
function spread<T>(items: T[], count: number): T[] {
  if (count >= items.length) return items;
  return Array.from({ length: count }, (_, position) => items[Math.floor((position * items.length) / count)] as T);
}

function isZero(vector: string): boolean {
  return !/[1-9]/.test(vector);
}
