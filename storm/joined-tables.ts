import type { RowState } from './journal.ts';
import { isStatic, TABLE, type World } from './world.ts';

/** With `--joins`, a row refers to a passage that holds its text; with two of them, the text begins with the heading of the passage's chapter. */
export const PASSAGE = 'passage';
export const CHAPTER = 'chapter';
export type TableName = typeof TABLE | typeof PASSAGE | typeof CHAPTER;

/** Each table has a range of keys of its own, so that one journal holds the rows of all. */
export const KEYS_FROM: Readonly<Record<TableName, number>> = { [TABLE]: 0, [PASSAGE]: 10 ** 12, [CHAPTER]: 2 * 10 ** 12 };
const FIRST_ROWS_TOGETHER = 50;

export function tableOf(key: number): TableName {
  if (key >= KEYS_FROM[CHAPTER]) return CHAPTER;
  return key >= KEYS_FROM[PASSAGE] ? PASSAGE : TABLE;
}

export function tablesOf({ options }: World): TableName[] {
  return ([TABLE, PASSAGE, CHAPTER] as const).slice(0, options.joins + 1);
}

/** The chapter of the passage of a first row: rows of one writer share a chapter, and so do rows that nobody writes. */
export function firstChapterOf({ options }: World, id: number): number | null {
  if (options.joins < 2) return null;
  const lane = isStatic(id) ? options.writers : id % options.writers;
  return KEYS_FROM[CHAPTER] + Math.floor((id - 1) / FIRST_ROWS_TOGETHER) * (options.writers + 1) + lane + 1;
}

/** The text of a row, by the journal. */
export function textOf({ journal, options }: World, id: number): string | null {
  const row = journal.get(id);
  if (options.joins === 0) return row?.content ?? null;
  const passage = of(row);
  return joinedText(options.joins, of(passage)?.content, passage?.content);

  function of(referring: RowState | undefined): RowState | undefined {
    return referring?.refersTo == null ? undefined : journal.get(referring.refersTo);
  }
}

/** A text of its parts, of which either may be missing. */
export function joinedText(joins: number, heading: string | null | undefined, body: string | null | undefined): string | null {
  if (joins < 2) return body ?? null;
  const parts = [heading, body].filter((part) => typeof part === 'string');
  return parts.length === 0 ? null : parts.join('\n');
}

/** SQL of the text of the row with alias t. */
export function textSql({ options }: World): string {
  if (options.joins === 0) return 't.content';
  if (options.joins === 1) return '(SELECT p.body FROM passage AS p WHERE p.id = t.passage_id)';
  return `(SELECT concat_ws(E'\\n', c.heading, p.body) FROM passage AS p LEFT JOIN chapter AS c ON c.id = p.chapter_id WHERE p.id = t.passage_id)`;
}

/** Options of `migrate create` that name the text. */
export function textOptions({ options }: World): string[] {
  if (options.joins === 0) return ['--text', 'content'];
  const passage = ['--text-from', 'public.passage AS p ON p.id = t.passage_id'];
  if (options.joins === 1) return [...passage, '--text', 'p.body'];
  return [...passage, '--text-from', 'public.chapter AS c ON c.id = p.chapter_id', '--text', 'c.heading,p.body'];
}

/** Creates the tables that the text comes from, and the index by which each change finds the rows that depend on it. */
export async function createJoinedTables(world: World): Promise<void> {
  if (world.options.joins === 0) return;
  await world.pool.query(
    `CREATE TABLE passage (id bigint PRIMARY KEY, chapter_id bigint, body text, note text NOT NULL DEFAULT '');
     CREATE INDEX ON ${TABLE} (passage_id)`,
  );
  if (world.options.joins === 2)
    await world.pool.query('CREATE TABLE chapter (id bigint PRIMARY KEY, heading text); CREATE INDEX ON passage (chapter_id)');
}

/** Columns of a row as the journal has them. */
function stateSql({ columns, options }: World, table: TableName): string {
  switch (table) {
    case PASSAGE:
      return 'id, body AS content, note AS title, chapter_id AS "refersTo"';
    case CHAPTER:
      return `id, heading AS content, '' AS title, NULL AS "refersTo"`;
    default:
      return options.joins > 0
        ? 'id, NULL AS content, title, passage_id AS "refersTo"'
        : `${columns.id} AS id, ${columns.content} AS content, title, NULL AS "refersTo"`;
  }
}

/** Rows as they are in their tables, by key. @param keys all of them when left out */
export async function presentRows(world: World, keys?: readonly number[]): Promise<Map<number, RowState>> {
  const found = new Map<number, RowState>();
  for (const table of tablesOf(world)) {
    const wanted = keys?.filter((key) => tableOf(key) === table);
    if (wanted?.length === 0) continue;
    const keyColumn = table === TABLE ? world.columns.id : 'id';
    const { rows } = await world.pool.query<{ id: string; content: string | null; title: string; refersTo: string | null }>(
      `SELECT ${stateSql(world, table)} FROM ${table} WHERE $1::bigint[] IS NULL OR ${keyColumn} = ANY ($1)`,
      [wanted ?? null],
    );
    for (const { id, content, title, refersTo } of rows)
      found.set(Number(id), { content, title, refersTo: refersTo === null ? null : Number(refersTo) });
  }
  return found;
}
