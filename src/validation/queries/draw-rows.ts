import pg from 'pg';
import type { Queryable } from '../../database/connection.ts';
import type { Campaign } from '../campaign.ts';
import { asOwner } from '../search/as-owner.ts';
import { NoQueries } from '../validation-error.ts';
import { DEFAULT_SAMPLE, hashQuery, type Slices, type VectorQuery } from './queries.ts';
import { slicesSql } from './query-table.ts';

interface DrawOptions {
  /** maximum number of rows; default 200 */
  sample?: number | undefined;
  /** columns of the table by which results are sliced */
  sliceBy?: readonly string[];
  /** the same seed draws the same rows */
  seed: number;
}

/**
 * Draws random rows that have a text and both vectors. The stored vectors of a row are the query vectors of the two models, so no provider
 * is called and nothing is paid.
 *
 * @throws NoQueries when no row has both vectors
 */
export async function drawRows(
  db: Queryable,
  campaign: Campaign,
  { sample = DEFAULT_SAMPLE, sliceBy = [], seed }: DrawOptions,
): Promise<VectorQuery[]> {
  // The cast to text is outside, so that the sort moves pointers to the vectors and not their text.
  const { rows } = await asOwner(db, campaign).query<{ key: string; length: number; slices: Slices; oldVector: string; newVector: string }>(
    `SELECT key, length, slices, old::text AS "oldVector", new::text AS "newVector"
       FROM (SELECT ${campaign.keyText} AS key, t.reembed_length AS length, ${slicesSql('t', sliceBy)} AS slices,
                    ${campaign.old.vector} AS old, ${campaign.new.vector} AS new
               FROM ${withBothVectors(campaign, `length(${campaign.text}) AS reembed_length`)}
              ORDER BY hashtextextended((${campaign.keyText}) COLLATE "C", $2::bigint) LIMIT $1::bigint) AS drawn`,
    [sample, seed],
  );
  const queries = rows
    .filter((row) => !isZero(row.oldVector) && !isZero(row.newVector))
    .map((row) => ({ id: row.key, label: row.key, ownKey: row.key, hash: hashQuery(`rows/${row.key}`), ...row }));
  if (queries.length === 0) throw noRow(campaign);
  return queries;
}

/** A row with its text. */
export interface TextRow {
  key: string;
  text: string;
  slices: Slices;
  /** value of the title column, if one was named */
  title?: string | null;
}

/**
 * Draws random rows as drawRows() does, with the start of their texts.
 *
 * @param characters maximum length of a text
 * @param options.titleColumn column whose values are read too
 * @throws NoQueries when no row has both vectors
 */
export async function drawTexts(
  db: Queryable,
  campaign: Campaign,
  characters: number,
  { sample = DEFAULT_SAMPLE, sliceBy = [], seed, titleColumn }: DrawOptions & { titleColumn?: string | undefined },
): Promise<TextRow[]> {
  const title = titleColumn === undefined ? '' : `, left(t.${pg.escapeIdentifier(titleColumn)}::text, $3::integer) AS title`;
  const { rows } = await asOwner(db, campaign).query<TextRow>(
    `SELECT ${campaign.keyText} AS key, t.reembed_text AS text, ${slicesSql('t', sliceBy)} AS slices${title}
       FROM ${withBothVectors(campaign, `left(${campaign.text}, $3::integer) AS reembed_text`)}
      ORDER BY hashtextextended((${campaign.keyText}) COLLATE "C", $2::bigint) LIMIT $1::bigint`,
    [sample, seed, characters],
  );
  if (rows.length === 0) throw noRow(campaign);
  return rows;
}

// The text is read before the side tables are joined, because their column names could make those of the text ambiguous.
function withBothVectors({ table, hasText, old, new: renewed }: Campaign, column: string): string {
  return `(SELECT t.*, ${column} FROM ${table} AS t WHERE ${hasText}) AS t ${old.join} ${renewed.join}
          WHERE ${old.vector} IS NOT NULL AND ${renewed.vector} IS NOT NULL`;
}

function noRow({ table }: Campaign): NoQueries {
  return new NoQueries(`no row of ${table} has a vector of both models yet`, 'let the workers embed rows first: npm run worker');
}

function isZero(vector: string): boolean {
  return !/[1-9]/.test(vector);
}
