import pg from 'pg';
import type { Queryable } from '../database/connection.ts';
import { queryOf } from '../database/sql-objects.ts';
import { UsageError } from '../errors.ts';
import type { TableFacts } from './inspect.ts';
import { BadTextExpression, TextReadsTable, VolatileTextExpression } from './inspect-error.ts';
import { textSource } from './measure.ts';
import { joinedColumns, parseTextJoins, readJoins, type TextJoin } from './text-joins.ts';

/** Text that is taken from several tables. */
export interface JoinedText {
  /** SQL over the rows of the table, named t, and of the joined tables */
  expression: string;
  joins: TextJoin[];
  /** statements for indexes that are missing, by the joined table whose changes need them */
  missingIndexes: { table: string; statement: string }[];
}

/** Where the text of a row comes from, examined. */
export interface ExaminedText {
  textColumns: string[];
  /** SQL of the text for a row named t, in a query of any kind */
  textSql: string;
  joined?: JoinedText;
  /** functions that the expression calls and whose bodies PostgreSQL cannot see through */
  unseenFunctions: string[];
}

/** What the command line says of the text. */
export interface WrittenText {
  text: string[];
  textSql?: string | undefined;
  textFrom?: string[] | undefined;
}

/**
 * Examines where the text comes from: an expression may read its own row, and the tables that are joined by name.
 *
 * @param db a connection in a transaction that may still write: a temporary view of the expression is created and dropped
 * @throws NoSuchColumn, BadTextExpression, VolatileTextExpression, TextReadsTable, JoinRefused, UsageError
 */
export async function examineText(db: Queryable, facts: TableFacts, { text, textSql, textFrom = [] }: WrittenText): Promise<ExaminedText> {
  const source =
    textFrom.length === 0 ? { ...textSource(facts, text, textSql), joinSql: '' } : await joinTables(db, facts, { text, textSql, textFrom });
  if (source.textColumns.length > 0) return { textColumns: source.textColumns, textSql: source.textSql, unseenFunctions: [] };
  const { joinSql, ...rest } = source;
  const written = rest.joined?.expression ?? rest.textSql;
  const faults = await readFaults(db, `SELECT (${written})::text AS content FROM ${facts.qualified} AS t ${joinSql}`, {
    written,
    tables: 1 + (rest.joined?.joins.length ?? 0),
  });
  const first = (code: string) => faults.find((fault) => fault.code === code)?.object;
  const [volatile, reads] = [first('volatile'), first('reads')];
  if (volatile !== undefined) throw new VolatileTextExpression(written, volatile);
  if (reads !== undefined) throw new TextReadsTable(written, reads);
  return { ...rest, unseenFunctions: faults.filter(({ code }) => code === 'unseen').map(({ object }) => object) };
}

async function joinTables(
  db: Queryable,
  facts: TableFacts,
  { text, textSql, textFrom }: WrittenText & { textFrom: string[] },
): Promise<Omit<ExaminedText, 'unseenFunctions'> & { joinSql: string }> {
  if (textSql === undefined && text.length === 0)
    throw new UsageError('no text is named', 'give --text c.body, with the name of the joined table');
  const expression = textSql ?? joinedColumns(text);
  const { joins, facts: found } = await readJoins(db, facts.oid, parseTextJoins(textFrom));
  const joinSql = found.map((join) => join.joinSql).join(' ');
  return {
    textColumns: [],
    // Everything that reads the text reads it as an expression of the row.
    textSql: `(SELECT (${expression})::text FROM (SELECT) AS reembed_nothing ${joinSql})`,
    joined: {
      expression,
      joins,
      missingIndexes: found.flatMap(({ name, indexStatement }) =>
        indexStatement === null ? [] : [{ table: name, statement: indexStatement }],
      ),
    },
    joinSql,
  };
}

async function readFaults(
  db: Queryable,
  view: string,
  { written, tables }: { written: string; tables: number },
): Promise<{ code: string; object: string }[]> {
  try {
    await db.query(`CREATE TEMPORARY VIEW reembed_text_expression AS ${view}`);
  } catch (error) {
    if (error instanceof pg.DatabaseError && /^(22|42)/.test(error.code ?? '')) throw new BadTextExpression(written, error.message);
    throw error;
  }
  const query = queryOf('expression_faults', ['p_view', 'p_tables'])
    .replaceAll('$1', "'pg_temp.reembed_text_expression'::regclass")
    .replaceAll('$2', '$1::integer');
  const { rows } = await db.query<{ code: string; object: string }>(
    `SELECT f.code, f.object FROM (${query}) AS f(code, object) ORDER BY 1, 2`,
    [tables],
  );
  await db.query('DROP VIEW pg_temp.reembed_text_expression');
  return rows;
}
