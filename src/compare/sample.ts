import pg from 'pg';
import type { OwnersConnection } from '../database/owners-connection.ts';
import type { TableFacts } from '../plan/inspect.ts';
import { hasTextSql, type TextFacts } from '../plan/measure.ts';
import { slicesSql } from '../validation/queries/query-table.ts';
import { ColumnMissing } from '../validation/validation-error.ts';
import { NoVectorsToCompare } from './compare-error.ts';

/** A row with its present vector. */
export interface SampledRow {
  key: string;
  /** id by which judgements name it */
  judgedId: string;
  text: string;
  vector: Float32Array;
  slices: Record<string, string>;
}

/** What to read. */
export interface SampleOptions {
  /** number of rows drawn at random */
  rows: number;
  /** ids of rows that are read in any case, because they are judged relevant */
  relevant: readonly string[];
  /** column that judgements name; default: the key */
  judgementColumn?: string | undefined;
  /** columns of the rows by which results are sliced */
  sliceBy: readonly string[];
  seed: number;
}

/**
 * Reads random rows with text and present vector, and those that are judged relevant: a relevant row outside the sample could be found by
 * no model.
 *
 * @param owner runs statements with the rights of the table's owner, in a READ ONLY transaction
 * @throws NoVectorsToCompare, ColumnMissing
 */
export async function readSample(
  owner: OwnersConnection,
  facts: TableFacts,
  text: TextFacts,
  { rows: count, relevant, judgementColumn, sliceBy, seed }: SampleOptions,
): Promise<SampledRow[]> {
  const wanted: [string, string][] = [...(judgementColumn ? [[judgementColumn, '--judgement-column'] as [string, string]] : [])];
  for (const column of sliceBy) wanted.push([column, '--slice-by']);
  const missing = wanted.find(([column]) => !facts.columns.includes(column));
  if (missing) throw new ColumnMissing(facts.table, missing[0], missing[1], facts.columns);

  const key = keyText(facts);
  const id = judgementColumn ? `t.${pg.escapeIdentifier(judgementColumn)}::text` : key;
  const { vector, join, isThere } = vectorPlace(facts);
  // The text is computed before anything is joined, because the names of other columns could make those of the text ambiguous.
  const { rows } = await owner.query<Omit<SampledRow, 'vector' | 'judgedId'> & { vector: string; judged_id: string }>(
    `WITH drawn AS MATERIALIZED (
       SELECT t.tableoid AS leaf, t.ctid AS place, row_number() OVER (ORDER BY hashtextextended((${key}) COLLATE "C", $2::bigint)) AS rank, ${id} = ANY ($3::text[]) AS is_relevant
         FROM ${facts.qualified} AS t WHERE ${hasTextSql(text.textSql)} AND ${isThere}
     )
     SELECT ${key} AS key, ${id} AS judged_id, t.reembed_text AS text, ${vector}::text AS vector, ${slicesSql('t', sliceBy)} AS slices
       FROM drawn AS d
       JOIN (SELECT t.*, (${text.textSql})::text AS reembed_text, t.tableoid AS reembed_leaf, t.ctid AS reembed_place FROM ${facts.qualified} AS t) AS t ON t.reembed_place = d.place AND t.reembed_leaf = d.leaf
       ${join}
      WHERE d.rank <= $1::bigint OR d.is_relevant ORDER BY d.rank`,
    [count, seed, relevant],
  );
  if (rows.length === 0) throw new NoVectorsToCompare(facts.table, facts.column);
  return rows.map(({ judged_id, vector: values, ...row }) => ({
    ...row,
    judgedId: judged_id,
    vector: Float32Array.from(JSON.parse(values) as number[]),
  }));
}

/** SQL of the key of a row with alias t, as validations show it. */
function keyText({ keyColumns }: TableFacts): string {
  const columns = keyColumns.map((name) => `t.${pg.escapeIdentifier(name)}`);
  return columns.length === 1 ? `${columns[0]}::text` : `pg_catalog.concat_ws('/', ${columns.join(', ')})`;
}

/** Where the vectors are: in the table, or in the side table of an earlier campaign. */
function vectorPlace({ sideTable, schema, column, keyColumns }: TableFacts) {
  const name = pg.escapeIdentifier(column);
  if (sideTable === null) return { vector: `t.${name}`, join: '', isThere: `t.${name} IS NOT NULL` };
  const side = `${pg.escapeIdentifier(schema)}.${pg.escapeIdentifier(sideTable)}`;
  const same = keyColumns.map((key) => `s.${pg.escapeIdentifier(key)} = t.${pg.escapeIdentifier(key)}`).join(' AND ');
  return { vector: `s.${name}`, join: `JOIN ${side} AS s ON ${same}`, isThere: `EXISTS (SELECT FROM ${side} AS s WHERE ${same})` };
}
