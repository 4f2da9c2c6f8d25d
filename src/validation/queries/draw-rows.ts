import pg from 'pg';
import type { Queryable } from '../../database/connection.ts';
import type { Campaign } from '../campaign.ts';
import { asOwner } from '../search/as-owner.ts';
import { groupIdSql, hasBothVectors } from '../search/search-source.ts';
import { NoQueries } from '../validation-error.ts';
import { DEFAULT_SAMPLE, hashQuery, type Slices, type VectorQuery } from './queries.ts';
import { slicesSql } from './query-table.ts';

interface DrawOptions {
  /** maximum number of rows; default 200 */
  sample?: number | undefined;
  /** columns of the table by which results are sliced */
  sliceBy?: readonly string[];
  /** column whose values group the results: the group of a drawn row is left out of its results */
  groupBy?: string | undefined;
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
  { sample = DEFAULT_SAMPLE, sliceBy = [], groupBy, seed }: DrawOptions,
): Promise<VectorQuery[]> {
  // The cast to text is outside, so that the sort moves pointers to the vectors and not their text.
  const { rows } = await asOwner(db, campaign).query<Row>(
    `SELECT key, own AS "ownKey", length, slices, old::text AS "oldVector", new::text AS "newVector"
       FROM (SELECT ${campaign.keyText} AS key, ${resultKey(campaign, groupBy)} AS own, t.reembed_length AS length, ${slicesSql('t', sliceBy)} AS slices,
                    ${campaign.old.vector} AS old, ${campaign.new.vector} AS new
               FROM ${withBothVectors(campaign, `length(${campaign.text}) AS reembed_length`)}
              ORDER BY hashtextextended((${campaign.keyText}) COLLATE "C", $2::bigint) LIMIT $1::bigint) AS drawn`,
    [sample, seed],
  );
  const queries = rows
    .filter((row) => !isZero(row.oldVector) && !isZero(row.newVector))
    .map((row) => ({ id: row.key, label: row.key, hash: hashQuery(`rows/${row.key}`), ...row }));
  if (queries.length === 0) throw noRow(campaign);
  return queries;
}

type Row = { key: string; ownKey: string; length: number; slices: Slices; oldVector: string; newVector: string };

/** A row with its text. */
export interface TextRow {
  key: string;
  text: string;
  slices: Slices;
  /** value of the title column, if one was named */
  title?: string | null;
}

/**
 * Draws random rows as drawRows() does, with the start of their texts, and the group of each where results are grouped.
 *
 * @param characters maximum length of a text
 * @param options.titleColumn column whose values are read too
 * @throws NoQueries when no row has both vectors
 */
export async function drawTexts(
  db: Queryable,
  campaign: Campaign,
  characters: number,
  { sample = DEFAULT_SAMPLE, sliceBy = [], groupBy, seed, titleColumn }: DrawOptions & { titleColumn?: string | undefined },
): Promise<(TextRow & { resultKey: string })[]> {
  const title = titleColumn === undefined ? '' : `, left(t.${pg.escapeIdentifier(titleColumn)}::text, $3::integer) AS title`;
  const { rows } = await asOwner(db, campaign).query<TextRow & { resultKey: string }>(
    `SELECT ${campaign.keyText} AS key, ${resultKey(campaign, groupBy)} AS "resultKey", t.reembed_text AS text, ${slicesSql('t', sliceBy)} AS slices${title}
       FROM ${withBothVectors(campaign, `left(${campaign.text}, $3::integer) AS reembed_text`)}
      ORDER BY hashtextextended((${campaign.keyText}) COLLATE "C", $2::bigint) LIMIT $1::bigint`,
    [sample, seed, characters],
  );
  if (rows.length === 0) throw noRow(campaign);
  return rows;
}

// The text is read before the side tables are joined, because their column names could make those of the text ambiguous.
function withBothVectors(campaign: Campaign, column: string): string {
  const { rows, hasText, old, new: renewed } = campaign;
  return `(SELECT t.*, ${column} FROM ${rows} WHERE ${hasText}) AS t ${old.join} ${renewed.join} WHERE ${hasBothVectors(campaign)}`;
}

function resultKey(campaign: Campaign, groupBy: string | undefined): string {
  return groupBy === undefined ? campaign.keyText : groupIdSql(campaign, groupBy);
}

/**
 * Counts the rows that have a text and a vector of both models.
 *
 * @throws NoQueries when there is none
 */
export async function countComparable(db: Queryable, campaign: Campaign): Promise<number> {
  const { rows } = await asOwner(db, campaign).query<{ rows: number }>(
    `SELECT count(*) AS rows FROM ${withBothVectors(campaign, "'' AS reembed_text")}`,
  );
  const count = rows[0]?.rows ?? 0;
  if (count === 0) throw noRow(campaign);
  return count;
}

function noRow({ table }: Campaign): NoQueries {
  return new NoQueries(`no row of ${table} has a vector of both models yet`, 'let the workers embed rows first: npm run worker');
}

function isZero(vector: string): boolean {
  return !/[1-9]/.test(vector);
}
