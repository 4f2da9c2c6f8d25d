import type { Queryable } from '../../database/connection.ts';
import type { Campaign } from '../campaign.ts';
import type { TextRow } from './draw-rows.ts';
import type { GeneratedQueries } from './generated-queries.ts';
import { commonWords, lexicalShare } from './lexical-share.ts';
import type { TextQuery } from './queries.ts';
import { wordsOf } from './words.ts';

// In the order of preference.
const TITLE_COLUMNS = ['title', 'headline', 'heading', 'subject', 'question', 'name', 'label'];
const TITLE_WORDS = { fewest: 2, most: 40 };

/**
 * Finds a column that holds titles and is not part of the text that is embedded.
 *
 * @returns its name; undefined without one
 */
export async function findTitleColumn(db: Queryable, campaign: Campaign): Promise<string | undefined> {
  const { rows } = await db.query<{ name: string }>(
    `SELECT a.attname AS name
       FROM reembed.target AS t
       JOIN pg_attribute AS a ON a.attrelid = t.relation AND a.attnum > 0 AND NOT a.attisdropped AND a.attnum <> ALL (t.text_attnums) AND a.attnum <> ALL (t.key_attnums)
       JOIN pg_type AS y ON y.oid = a.atttypid AND y.typcategory = 'S'
      WHERE t.name = $1 AND lower(a.attname) = ANY ($2::text[])
      ORDER BY array_position($2::text[], lower(a.attname)) LIMIT 1`,
    [campaign.target, TITLE_COLUMNS],
  );
  return rows[0]?.name;
}

/**
 * Makes queries of titles. Each should find the row that it is the title of. A title is left out if the text of its row contains it, if
 * another row of the sample has it too, or if it is a single word.
 *
 * @param rows random rows with their titles; all of them determine which words are common
 * @param count maximum number of queries
 */
export function titleQueries(rows: readonly TextRow[], count: number): GeneratedQueries {
  const titles = rows.map(({ title }) => wordsOf(title ?? '').join(' '));
  const documents = rows.map(({ text }) => wordsOf(text));
  const common = commonWords(documents);
  const times = Map.groupBy(titles, (title) => title);
  const queries: TextQuery[] = [];
  for (const [i, { key, text, title, slices }] of rows.entries()) {
    if (queries.length === count) break;
    const words = titles[i] ?? '';
    const length = words === '' ? 0 : words.split(' ').length;
    if (length < TITLE_WORDS.fewest || length > TITLE_WORDS.most || (times.get(words)?.length ?? 0) > 1) continue;
    if (` ${documents[i]?.join(' ')} `.includes(` ${words} `)) continue;
    const query = (title ?? '').replace(/\s+/g, ' ').trim();
    queries.push({ id: key, text: query, rowKey: key, lexicalShare: lexicalShare(query, text, common), slices });
  }
  return { queries, judgements: new Map(queries.map(({ id }) => [id, new Map([[id, 1]])])) };
}
