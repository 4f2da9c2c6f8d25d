import type { Queryable } from '../../database/connection.ts';
import { counted } from '../../wording.ts';
import type { Campaign } from '../campaign.ts';
import type { Gains } from '../metrics/ranking-metrics.ts';
import { asOwner } from '../search/as-owner.ts';
import { judgedIdSql, type ResultNames } from '../search/search-source.ts';
import { BadLine, JudgementsFitNoQuery, JudgementsFitNoRow, NoQueries } from '../validation-error.ts';
import { readLines } from './read-lines.ts';

/** Judgements by query id. */
export type Judgements = ReadonlyMap<string, Gains>;

/**
 * Reads judgements in BEIR's qrels format with three columns (query-id, corpus-id, score; optional header) or in TREC's with four (query,
 * iteration, document, judgement). Columns are separated by tabs, or by blanks in a line without a tab.
 *
 * @throws FileUnreadable, BadLine with the line number, NoQueries when nothing is judged relevant
 */
export function readJudgements(path: string): Judgements {
  const judgements = new Map<string, Map<string, number>>();
  for (const { number, text } of readLines(path, '--judgements')) {
    const fields = text.includes('\t') ? text.split('\t').map((field) => field.trim()) : text.split(/\s+/);
    if (fields.length !== 3 && fields.length !== 4) {
      throw new BadLine(
        path,
        number,
        counted(fields.length, 'column'),
        'give query-id, corpus-id and score, or the four columns of TREC, separated by tabs',
      );
    }
    const score = fields.at(-1) ?? '';
    if (number === 1 && /^[a-z_ -]+$/i.test(score)) continue;
    if (!/^[+-]?\d+(\.\d+)?$/.test(score))
      throw new BadLine(path, number, `the score "${score}" is not a number`, 'give a number, 0 for not relevant');
    const [query = '', row = ''] = [fields[0], fields.at(-2)];
    if (!query || !row) throw new BadLine(path, number, 'an id is empty', 'give query-id, corpus-id and score');
    const gains = judgements.get(query) ?? new Map<string, number>();
    judgements.set(query, gains.set(row, Number(score)));
  }
  // A query without a relevant row cannot distinguish a good ranking from a bad one.
  const useful = [...judgements].filter(([, gains]) => [...gains.values()].some((gain) => gain > 0));
  if (useful.length === 0) throw new NoQueries(`${path} judges no row relevant`, 'give at least one judgement above 0');
  return new Map(useful);
}

/**
 * Checks that the judgements match the queries and the rows before anything is paid for.
 *
 * @param queryIds ids of the queries that will be run
 * @param names column that holds the ids of the judgements; default: the key
 * @returns number of relevant rows that the table does not have; they count against both models
 * @throws JudgementsFitNoQuery, JudgementsFitNoRow
 */
export async function checkJudgements(
  db: Queryable,
  campaign: Campaign,
  judgements: Judgements,
  queryIds: string[],
  names: ResultNames = {},
): Promise<number> {
  const asked = queryIds.filter((id) => judgements.has(id));
  if (asked.length === 0) throw new JudgementsFitNoQuery([...judgements.keys()][0] ?? '', queryIds[0] ?? '');
  const relevant = new Set(asked.flatMap((id) => [...(judgements.get(id) ?? [])].filter(([, gain]) => gain > 0).map(([row]) => row)));
  const { rows } = await asOwner(db, campaign).query<{ found: number; example: string | null }>(
    `SELECT count(DISTINCT j.id)::integer AS found, min(t.id) AS example
       FROM (SELECT ${judgedIdSql(campaign, names)} AS id FROM ${campaign.rows}) AS t
       LEFT JOIN unnest($1::text[]) AS j(id) ON j.id = t.id`,
    [[...relevant]],
  );
  const { found = 0, example } = rows[0] ?? {};
  if (found === 0)
    throw new JudgementsFitNoRow([...relevant][0] ?? '', example ?? 'nothing', names.groupBy ?? names.judgementColumn ?? 'its key');
  return relevant.size - found;
}
