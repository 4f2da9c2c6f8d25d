import pg from 'pg';
import type { Queryable } from '../../database/connection.ts';
import { llamaIndexText, type TableColumn } from './llama-index-text.ts';

/** A text that the stored vectors may be of, other than the text of the target. */
export interface CandidateText {
  /** SQL over the columns of a row */
  sql: string;
  /** what the vectors would be of, as the end of a sentence */
  what: string;
  /** option of `migrate create` that names this text */
  option: string;
}

/** The text that a campaign embeds. */
export interface TextSource {
  textColumns: readonly string[];
  textSql: string;
}

interface Column extends TableColumn {
  isKey: boolean;
}

// Titles come before bodies in every usual combination. The order of the list is the order in which columns are tried.
const USUAL_NAMES = ['title', 'name', 'heading', 'headline', 'subject', 'question', 'summary', 'abstract', 'description'];
const USUAL_BODIES = ['content', 'text', 'body', 'document', 'chunk', 'answer'];
const MOST_COLUMNS = 6;
const MOST_FIRST = 3;
const MOST_JSON = 2;
const SEPARATORS = [
  ['\\n\\n', 'an empty line'],
  ['\\n', 'a line break'],
  [' ', 'a blank'],
] as const;

/**
 * Returns the texts that applications usually embed beside the column itself: what LlamaIndex embeds of its own tables, another column,
 * two columns together, metadata in front of the text as "key: value" lines, and the text without line breaks.
 *
 * @param relation qualified and quoted name of the table
 */
export async function candidateTexts(db: Queryable, relation: string, { textColumns, textSql }: TextSource): Promise<CandidateText[]> {
  const columns = await readColumns(db, relation);
  const texts = columns.filter(({ kind }) => kind === 'text').sort((a, b) => rank(a.name) - rank(b.name));
  const others = texts.filter(({ name }) => !(textColumns.length === 1 && textColumns[0] === name)).slice(0, MOST_COLUMNS);
  const candidates = [
    ...ofLlamaIndex(columns),
    ...others.map(single),
    ...others.slice(0, MOST_FIRST).flatMap((column) => joined(column, textSql, textColumns, texts)),
    ...separated(textColumns),
    ...metadata(columns, others, textSql, textColumns),
    onOneLine(textSql, 'the text'),
  ];
  const seen = new Set([textSql]);
  return candidates.filter(({ sql }) => !seen.has(sql) && seen.add(sql));
}

async function readColumns(db: Queryable, relation: string): Promise<Column[]> {
  const { rows } = await db.query<Column>(
    `SELECT a.attname AS name, quote_ident(a.attname) AS quoted,
            EXISTS (SELECT FROM pg_index AS i WHERE i.indrelid = a.attrelid AND i.indisprimary AND a.attnum = ANY ((i.indkey::smallint[])[0:i.indnkeyatts - 1])) AS "isKey",
            CASE WHEN y.typcategory = 'S' THEN 'text' WHEN y.oid = 'json'::regtype THEN 'json' WHEN y.oid = 'jsonb'::regtype THEN 'jsonb'
                 ELSE 'other' END AS kind
       FROM pg_attribute AS a JOIN pg_type AS y ON y.oid = a.atttypid
      WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped
        AND (y.typcategory IN ('S', 'N', 'D', 'B') OR y.oid IN ('json'::regtype, 'jsonb'::regtype))
      ORDER BY a.attnum`,
    [relation],
  );
  return rows;
}

function ofLlamaIndex(columns: readonly Column[]): CandidateText[] {
  const sql = llamaIndexText(columns);
  if (sql === undefined) return [];
  const what = "LlamaIndex's metadata and text";
  return [onOneLine(sql, what), { sql, what, option: textSqlOption(sql) }];
}

/** OpenAI once advised to embed texts without line breaks, and LlamaIndex's client of OpenAI still replaces them. */
function onOneLine(text: string, what: string): CandidateText {
  const sql = `pg_catalog.replace((${text})::text, E'\\n', ' ')`;
  return { sql, what: `${what} with blanks in place of line breaks`, option: textSqlOption(sql) };
}

/** Position of a name in the usual order; unknown names are between titles and bodies. */
function rank(name: string): number {
  const plain = name.toLowerCase();
  const [title, body] = [USUAL_NAMES.indexOf(plain), USUAL_BODIES.indexOf(plain)];
  if (title >= 0) return title;
  return body < 0 ? USUAL_NAMES.length : USUAL_NAMES.length + 1 + body;
}

function single({ name, quoted }: Column): CandidateText {
  return { sql: `${quoted}::text`, what: `column ${name}`, option: `--text ${shellQuoted(name)}` };
}

/** Another column together with the text, the one that is more like a title first. */
function joined(column: Column, textSql: string, textColumns: readonly string[], texts: readonly Column[]): CandidateText[] {
  const [own] = textColumns.length === 1 ? textColumns : [];
  const text = { sql: textSql, name: own ?? 'the text' };
  const other = { sql: `${column.quoted}::text`, name: column.name };
  const isOtherFirst = own === undefined || rank(column.name) <= rank(own);
  const [first, second] = isOtherFirst ? [other, text] : [text, other];
  if (textColumns.includes(column.name) || !texts.includes(column)) return [];
  return SEPARATORS.map(([separator, words]) => joinedText(first, second, separator, words));
}

function joinedText(
  first: { sql: string; name: string },
  second: { sql: string; name: string },
  separator: string,
  words: string,
): CandidateText {
  const sql = `pg_catalog.concat_ws(E'${separator}', ${first.sql}, ${second.sql})`;
  return { sql, what: `${first.name} and ${second.name}, joined by ${words}`, option: textSqlOption(sql) };
}

/** The columns of --text, which are joined by a line break, joined otherwise. */
function separated(textColumns: readonly string[]): CandidateText[] {
  if (textColumns.length < 2) return [];
  const columns = textColumns.map((name) => pg.escapeIdentifier(name)).join(', ');
  return SEPARATORS.filter(([separator]) => separator !== '\\n').map(([separator, words]) => {
    const sql = `pg_catalog.concat_ws(E'${separator}', ${columns})`;
    return { sql, what: `${textColumns.join(', ')}, joined by ${words}`, option: textSqlOption(sql) };
  });
}

/** "key: value" lines, an empty line, then the text. */
function metadata(columns: readonly Column[], others: readonly Column[], textSql: string, textColumns: readonly string[]): CandidateText[] {
  const line = ({ name, quoted }: Column) => `${pg.escapeLiteral(`${name}: `)} || ${quoted}::text`;
  const inFront = (lines: string, what: string): CandidateText => {
    const sql = `pg_catalog.concat_ws(E'\\n\\n', ${lines}, ${textSql})`;
    return { sql, what: `the text with ${what} in front`, option: textSqlOption(sql) };
  };
  const ofColumns = (some: readonly Column[]) =>
    inFront(
      some.length === 1 ? line(some[0] as Column) : `nullif(pg_catalog.concat_ws(E'\\n', ${some.map(line).join(', ')}), '')`,
      lineNames(some),
    );
  const objects = columns.filter(({ kind }) => kind === 'json' || kind === 'jsonb').slice(0, MOST_JSON);
  const scalars = columns.filter(({ kind, isKey, name }) => kind !== 'json' && kind !== 'jsonb' && !isKey && !textColumns.includes(name));
  const inTableOrder = scalars.filter(({ kind }) => kind === 'text');
  return [
    ...objects.map(({ name, quoted, kind }) =>
      // LlamaIndex keeps its own fields in the same object and leaves them out of the text.
      inFront(
        `(SELECT string_agg(m.key || ': ' || m.value, E'\\n' ORDER BY m.place) FROM ${kind}_each_text(CASE ${kind}_typeof(${quoted}) WHEN 'object' THEN ${quoted} END) WITH ORDINALITY AS m(key, value, place) WHERE left(m.key, 1) <> '_' AND m.key NOT IN ('doc_id', 'document_id', 'ref_doc_id'))`,
        `the fields of ${name}`,
      ),
    ),
    ...others.slice(0, MOST_FIRST).map((column) => ofColumns([column])),
    ...(inTableOrder.length > 1 ? [ofColumns(inTableOrder)] : []),
    ...(scalars.length > inTableOrder.length ? [ofColumns(scalars)] : []),
  ];
}

function lineNames(columns: readonly Column[]): string {
  return `the ${columns.length === 1 ? 'line' : 'lines'} ${columns.map(({ name }) => `"${name}: …"`).join(', ')}`;
}

function textSqlOption(sql: string): string {
  return `--text-sql ${shellQuoted(sql)}`;
}

/** An argument as written in a POSIX shell. */
export function shellQuoted(argument: string): string {
  return /^[\w.,:/-]+$/.test(argument) ? argument : `"${argument.replace(/\\(?=["$`\\])|["$`]/g, '\\$&')}"`;
}
