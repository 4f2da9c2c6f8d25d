import type { Queryable } from '../../database/connection.ts';
import { asOwner } from '../../validation/search/as-owner.ts';
import type { Grade } from '../plain-sentence.ts';
import { POOLED } from './searches.ts';

/** A row that a query found. */
export interface ReportedResult {
  /** columns of the primary key, joined by "/"; in a run that groups results the group */
  key: string;
  score: number | null;
  /** whether it is judged relevant to the query; null for a query without judgements */
  relevant: boolean | null;
  /** start of the row's text; only if texts were requested and the row exists */
  text?: string;
}

/** A query whose results changed. */
export interface ChangedQuery {
  /** run with its newest result */
  validation: string;
  ordinal: number;
  /** key of the row whose vector was the query; null for a query that is a text */
  key: string | null;
  /** the query as stored, with its id; only if texts were requested */
  text?: string;
  overlap: number;
  ndcg_before: number | null;
  ndcg_after: number | null;
  before: ReportedResult[];
  after: ReportedResult[];
}

interface StoredQuery {
  validation: string;
  ordinal: number;
  query: string;
  is_row: boolean;
  is_grouped: boolean;
  overlap: number;
  ndcg_before: number | null;
  ndcg_after: number | null;
  results_before: string[] | null;
  results_after: string[] | null;
  scores_before: number[] | null;
  scores_after: number[] | null;
  relevant_results: string[] | null;
}

// Enough to show the change, even if the comparison went deeper.
const MOST_RESULTS = 10;
const QUERY_CHARACTERS = 500;
const ROW_CHARACTERS = 160;

/**
 * Reads the queries that changed most: those that lost most nDCG, then those that gained most, then those with the smallest overlap.
 *
 * @param shown newest run, and the grade of the judged queries to show; without one, the queries of that run
 * @param count number of queries
 * @param withText whether texts of queries and rows are read
 */
export async function readChangedQueries(
  db: Queryable,
  { run, grade }: { run: string; grade: Grade | null },
  count: number,
  withText: boolean,
): Promise<ChangedQuery[]> {
  const { rows } = await db.query<StoredQuery>(
    `WITH ${POOLED}
     SELECT q.validation::text, q.ordinal, CASE WHEN v.query_source = 'rows' THEN q.query ELSE ${begin('q.query', QUERY_CHARACTERS)} END AS query, v.query_source = 'rows' AS is_row, v.group_by IS NOT NULL AS is_grouped, q.overlap, q.ndcg_before, q.ndcg_after,
            q.results_before[:${MOST_RESULTS}], q.results_after[:${MOST_RESULTS}], q.scores_before[:${MOST_RESULTS}], q.scores_after[:${MOST_RESULTS}], q.relevant_results
       FROM pooled AS q JOIN reembed.validation AS v ON v.id = q.validation
      CROSS JOIN LATERAL (SELECT coalesce(q.ndcg_after - q.ndcg_before, 0) AS won) AS d
      ORDER BY least(d.won, 0), d.won DESC, q.overlap, q.rank_biased_overlap, q.validation DESC, q.ordinal
      LIMIT $3`,
    [run, grade, count],
  );
  const texts = withText ? await readTexts(db, run, keysOf(rows)) : new Map<string, string>();
  const noTexts = new Map<string, string>();
  const results = (row: StoredQuery, keys: string[] | null, scores: number[] | null): ReportedResult[] =>
    (keys ?? []).map((key, i) => ({
      key,
      score: scores?.[i] ?? null,
      relevant: row.relevant_results?.includes(key) ?? null,
      // A group is not a row, even if its name equals a key.
      ...textOf((row.is_grouped ? noTexts : texts).get(key)),
    }));
  return rows.map((row) => ({
    validation: row.validation,
    ordinal: row.ordinal,
    key: row.is_row ? row.query : null,
    ...(withText ? textOf(row.is_row ? texts.get(row.query) : row.query) : {}),
    overlap: row.overlap,
    ndcg_before: row.ndcg_before,
    ndcg_after: row.ndcg_after,
    before: results(row, row.results_before, row.scores_before),
    after: results(row, row.results_after, row.scores_after),
  }));
}

/** SQL of the start of a text, with an ellipsis if it was shortened. */
function begin(text: string, characters: number): string {
  return `left(${text}, ${characters}) || CASE WHEN length(${text}) > ${characters} THEN '…' ELSE '' END`;
}

function keysOf(rows: StoredQuery[]): string[] {
  const keys = rows.flatMap((row) => [...(row.is_row ? [row.query] : []), ...(row.results_before ?? []), ...(row.results_after ?? [])]);
  return [...new Set(keys)];
}

function textOf(text: string | undefined): { text?: string } {
  return text === undefined ? {} : { text };
}

/** Reads the present texts of rows by primary key. A row that no longer exists has none. */
async function readTexts(db: Queryable, run: string, keys: string[]): Promise<Map<string, string>> {
  const { rows } = await db.query<{ suffix: string; table: string; text_sql: string; columns: { column: string; type: string }[] }>(
    `SELECT t.suffix, format('%I.%I', n.nspname, c.relname) AS table, reembed.target_names(t.name) ->> 'content' AS text_sql,
            (SELECT json_agg(k.names ORDER BY k.n) FROM reembed.key_names(t.name) AS k) AS columns
       FROM reembed.validation AS v JOIN reembed.campaign AS m ON m.name = v.campaign JOIN reembed.target AS t ON t.name = m.target
       JOIN pg_class AS c ON c.oid = t.relation JOIN pg_namespace AS n ON n.oid = c.relnamespace
      WHERE v.id = $1`,
    [run],
  );
  const [target] = rows;
  if (!target) return new Map();
  // A composite key with a slash in a value cannot be split, so its text is left out.
  const parts = target.columns.length === 1 ? keys.map((key) => [key]) : keys.map((key) => key.split('/'));
  const known = parts.filter(({ length }) => length === target.columns.length);
  const given = target.columns.map((_, i) => `k${i}`);
  const found = await asOwner(db, target).query<{ key: string; text: string | null }>(
    `SELECT concat_ws('/', ${given.map((name) => `given.${name}`).join(', ')}) AS key, ${begin(`(${target.text_sql})::text`, ROW_CHARACTERS)} AS text
       FROM unnest(${given.map((_, i) => `$${i + 1}::text[]`).join(', ')}) AS given(${given.join(', ')})
       JOIN ${target.table} AS t ON ${target.columns.map(({ column, type }, i) => `t.${column} = given.${given[i]}::${type}`).join(' AND ')}`,
    target.columns.map((_, i) => known.map((part) => part[i])),
  );
  return new Map(found.rows.flatMap(({ key, text }) => (text === null ? [] : [[key, text] as const])));
}
