import type { Queryable } from '../database/connection.ts';
import { RELATION_AS_WRITTEN } from '../database/connection.ts';
import { queryOf } from '../database/sql-objects.ts';
import { ReembedError, UsageError } from '../errors.ts';

/** A table that the text is taken from, and how it is joined; reembed.join_facts() reads it in this form. */
export interface TextJoin {
  /** qualified and quoted name */
  table: string;
  alias: string;
  columns: string[];
  /** alias of the table that it is joined to; t is the table of the vectors */
  of: string;
  /** columns of that table that are equal to its columns */
  of_columns: string[];
}

/** What the catalog says of a join. */
export interface JoinFacts {
  /** the join as SQL */
  joinSql: string;
  /** statement for an index that a change of the joined table needs to find the rows that depend on it; null where there is one */
  indexStatement: string | null;
  name: string;
}

/** Thrown when a table cannot be joined for the text. */
export class JoinRefused extends ReembedError {
  constructor({ code, reason, remedy }: { code: string; reason: string; remedy: string }) {
    super(code, reason, remedy);
  }
}

const NAME = String.raw`(?:"(?:[^"]|"")+"|[\p{L}_][\p{L}\p{N}_$]*)`;
const JOIN = new RegExp(`^\\s*(${NAME}(?:\\s*\\.\\s*${NAME})?)\\s+(?:AS\\s+)?([a-z_][a-z0-9_]*)\\s+ON\\s+(.+)$`, 'isu');
const COMPARISON = new RegExp(`^\\s*([a-z_][a-z0-9_]*)\\s*\\.\\s*(${NAME})\\s*=\\s*([a-z_][a-z0-9_]*)\\s*\\.\\s*(${NAME})\\s*$`, 'isu');
const MOST_JOINS = 9;
const EXAMPLE = 'write it so: --text-from "public.chunk AS c ON c.id = t.chunk_id"; t is the table of the vectors';

/**
 * Reads the joins as they are written on the command line, each `table AS alias ON alias.column = earlier.column [AND …]`.
 *
 * @throws UsageError
 */
export function parseTextJoins(written: readonly string[]): TextJoin[] {
  if (written.length > MOST_JOINS)
    throw new UsageError(`the text comes from ${written.length} tables`, `at most ${MOST_JOINS} can be joined`);
  const aliases = ['t'];
  return written.map((one) => {
    const [, table = '', spelled = '', condition = ''] = JOIN.exec(one) ?? [];
    const alias = spelled.toLowerCase();
    const pairs = condition.split(/\sAND\s/i).map((comparison) => comparisonOf(comparison, alias));
    if (table === '' || pairs.some((pair) => pair === undefined))
      throw new UsageError(`--text-from ${JSON.stringify(one)} is not understood`, EXAMPLE);
    if (aliases.includes(alias))
      throw new UsageError(
        `the name ${alias} is used twice in --text-from`,
        'give each table a name of its own; t is the table of the vectors',
      );
    const sides = pairs as NonNullable<(typeof pairs)[number]>[];
    const of = sides[0]?.of ?? '';
    if (sides.some((side) => side.of !== of) || !aliases.includes(of))
      throw new UsageError(`${alias} must be joined to one table that is named before it`, EXAMPLE);
    aliases.push(alias);
    return { table, alias, columns: sides.map(({ column }) => column), of, of_columns: sides.map(({ ofColumn }) => ofColumn) };
  });
}

function comparisonOf(written: string, alias: string): { column: string; of: string; ofColumn: string } | undefined {
  const [, first, firstColumn, second, secondColumn] = COMPARISON.exec(written) ?? [];
  if (!first || !firstColumn || !second || !secondColumn) return undefined;
  const [left, right] = [first.toLowerCase(), second.toLowerCase()];
  if ((left === alias) === (right === alias)) return undefined;
  return left === alias
    ? { column: plain(firstColumn), of: right, ofColumn: plain(secondColumn) }
    : { column: plain(secondColumn), of: left, ofColumn: plain(firstColumn) };
}

/**
 * The SQL of `--text` where it names columns of joined tables, such as `c.body`.
 *
 * @throws UsageError
 */
export function joinedColumns(columns: readonly string[]): string {
  const wrong = columns.find((column) => !new RegExp(`^(?:[a-z_][a-z0-9_]*\\.)?${NAME}$`, 'iu').test(column));
  if (wrong !== undefined) throw new UsageError(`--text ${wrong} is no column`, 'name it as c.body, or give an expression with --text-sql');
  const named = columns.map((column) => (/^[a-z_][a-z0-9_]*\./i.test(column) ? column : `t.${column}`));
  return named.length === 1 ? `${named[0]}::text` : `pg_catalog.concat_ws(E'\\n', ${named.join(', ')})`;
}

/**
 * Reads what the catalog says of the joins, with the names of their tables completed.
 *
 * @param relation OID of the table of the vectors
 * @throws JoinRefused
 */
export async function readJoins(
  db: Queryable,
  relation: number,
  written: readonly TextJoin[],
): Promise<{ joins: TextJoin[]; facts: JoinFacts[] }> {
  const joins: TextJoin[] = [];
  for (const join of written) joins.push({ ...join, table: await qualified(db, join.table) });
  const query = queryOf('join_facts', ['p_relation', 'p_joins']).replaceAll('$1', '$1::oid').replaceAll('$2', '$2::jsonb');
  const { rows } = await db.query<JoinFacts & { refusal: string | null; reason: string; remedy: string }>(
    `SELECT f.name, f.join_sql AS "joinSql", f.index_statement AS "indexStatement", f.refusal, f.reason, f.remedy
       FROM (${query}) AS f(n, relation, name, of_position, key_attnums, of_attnums, operators, join_sql, index_statement, refusal, reason, remedy)`,
    [relation, JSON.stringify(joins)],
  );
  for (const { refusal, reason, remedy } of rows) if (refusal !== null) throw new JoinRefused({ code: refusal, reason, remedy });
  return { joins, facts: rows.map(({ name, joinSql, indexStatement }) => ({ name, joinSql, indexStatement })) };
}

/** The name with its schema; unchanged where there is no such table. */
async function qualified(db: Queryable, written: string): Promise<string> {
  const { rows } = await db.query<{ name: string }>(
    `SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = ${RELATION_AS_WRITTEN}`,
    [written],
  );
  return rows[0]?.name ?? written;
}

/** Converts a written name to its form in the catalog. */
function plain(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name.toLowerCase();
}
