import pg from 'pg';
import type { Queryable } from '../database/connection.ts';
import { borrowOwner, type OwnersConnection } from '../database/owners-connection.ts';
import { COUNTED_CHARACTERS, tokenCounter } from './count-tokens.ts';
import type { TableFacts } from './inspect.ts';
import { BadTextExpression, NoSuchColumn, NoText } from './inspect-error.ts';
import { inPartSql } from './part.ts';
import { refuseVolatile } from './refuse-unfit.ts';
import type { ExaminedText } from './text-source.ts';

/** Measurements of the text to be embedded. */
export interface TextFacts {
  textColumns: string[];
  textSql: string;
  /** set where the text is taken from several tables */
  joined?: ExaminedText['joined'];
  /** functions of the expression whose bodies PostgreSQL cannot see through */
  unseenFunctions?: string[];
  /** rows with a text */
  rows: number;
  /** characters of all texts, extrapolated from a sample */
  characters: number;
  tokensPerCharacter: number;
  longestTokens: number;
}

const SAMPLE_ROWS = 1000;

/** SQL of whether a text can be embedded, as reembed.has_text() decides it. */
export function hasTextSql(textSql: string): string {
  return `coalesce(btrim((${textSql})::text, E' \\t\\n\\r') <> '', false)`;
}

/**
 * Returns the SQL of the text: a single column, several columns joined by a line break, or the user's expression.
 *
 * @throws NoSuchColumn
 */
export function textSource(
  facts: TableFacts,
  columns: string[],
  expression: string | undefined,
): Pick<TextFacts, 'textColumns' | 'textSql'> {
  if (expression !== undefined) return { textColumns: [], textSql: expression };
  for (const column of columns) if (!facts.columns.includes(column)) throw new NoSuchColumn(facts.table, column, facts.columns);
  const quoted = columns.map((column) => pg.escapeIdentifier(column));
  return { textColumns: columns, textSql: quoted.length === 1 ? `${quoted[0]}::text` : `concat_ws(E'\\n', ${quoted.join(', ')})` };
}

/**
 * Counts the rows with a text and measures a sample of them with a real tokenizer, if it is installed: cl100k, that of OpenAI's embedding
 * models, applied to the beginning of each text. Counts of other models differ by some percent. Functions in the expression, and casts of the columns, run with the rights of the table's owner.
 *
 * @param db a connection in a transaction that has written nothing; the transaction is read-only from here on
 * @param borrowed the rights of the owner, if the transaction has borrowed them already
 * @throws NoText, BadTextExpression
 */
export async function measureText(
  db: Queryable,
  facts: TableFacts,
  source: Pick<TextFacts, 'textColumns' | 'textSql' | 'joined' | 'unseenFunctions'>,
  borrowed?: OwnersConnection,
): Promise<TextFacts> {
  const hasText = `${inPartSql(facts)} AND ${hasTextSql(source.textSql)}`;
  if (source.textColumns.length === 0) await refuseVolatile(db, source.textSql);
  const owner = borrowed ?? (await borrowOwner(db, facts.oid));
  const measured = async <R extends object>(query: string) => {
    try {
      return (await owner.query<R>(query)).rows;
    } catch (error) {
      if (source.textColumns.length === 0 && error instanceof pg.DatabaseError && /^(22|42)/.test(error.code ?? '')) {
        throw new BadTextExpression(source.textSql, error.message);
      }
      throw error;
    }
  };
  const counted = await measured<{ rows: string }>(`SELECT count(*) AS rows FROM ${facts.qualified} AS t WHERE ${hasText}`);
  const rows = Number(counted[0]?.rows ?? 0);
  if (rows === 0) throw new NoText(facts.table, source.textColumns.join(', ') || source.textSql);

  const percent = Math.min(100, ((SAMPLE_ROWS * 1.5) / facts.rows) * 100);
  const sample = await measured<{ text: string; characters: number }>(
    `SELECT left(s.text, ${COUNTED_CHARACTERS}) AS text, length(s.text) AS characters
       FROM (SELECT (${source.textSql})::text AS text FROM ${facts.qualified} AS t ${percent < 100 ? `TABLESAMPLE BERNOULLI (${percent.toFixed(4)})` : ''} WHERE ${hasText} LIMIT ${SAMPLE_ROWS}) AS s`,
  );
  const count = await tokenCounter();
  const tokens = sample.map(({ text, characters }) => count(text) * Math.max(1, characters / COUNTED_CHARACTERS));
  const characters = sample.reduce((sum, row) => sum + row.characters, 0);
  return {
    ...source,
    rows,
    characters: sample.length > 0 ? Math.round((characters / sample.length) * rows) : 0,
    tokensPerCharacter: characters > 0 ? Number((tokens.reduce((sum, count) => sum + count, 0) / characters).toFixed(4)) : 0.25,
    longestTokens: Math.round(Math.max(0, ...tokens)),
  };
}
