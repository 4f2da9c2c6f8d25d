import type { Queryable } from '../../database/connection.ts';
import type { Judge } from '../../judge/judge.ts';
import { JudgeMissing } from '../../judge/judge-error.ts';
import type { Campaign } from '../campaign.ts';
import { NoQueries } from '../validation-error.ts';
import { drawTexts } from './draw-rows.ts';
import { type GeneratedQueries, generateQueries, SAMPLED_TEXTS, TEXT_CHARACTERS } from './generated-queries.ts';
import { findTitleColumn, titleQueries } from './held-out-titles.ts';
import { commonWords } from './lexical-share.ts';
import { paraphraseRows } from './paraphrases.ts';
import { DEFAULT_SAMPLE, type QuerySource } from './queries.ts';
import { wordsOf } from './words.ts';

interface MakeOptions {
  queries: QuerySource;
  /** maximum number of queries; default 200 */
  sample?: number | undefined;
  sliceBy: readonly string[];
  groupBy?: string | undefined;
  seed: number;
  judge?: Judge | undefined;
}

/**
 * Makes queries of rows. Source `generated` takes held-out titles where at least half of the queries can be titles, because they have fewer
 * words in common with the text of their row than a part of the text has.
 *
 * @returns the queries, and what they were made of
 * @throws NoQueries, JudgeMissing, NoQuestions, JudgePriceMissing
 */
export async function makeQueries(db: Queryable, campaign: Campaign, options: MakeOptions): Promise<GeneratedQueries & { source: string }> {
  const { queries: source, sample: count = DEFAULT_SAMPLE, sliceBy, groupBy, seed, judge } = options;
  if (source.kind === 'paraphrases') {
    if (!judge) throw new JudgeMissing('--queries-from paraphrases');
    const rows = await drawTexts(db, campaign, TEXT_CHARACTERS, { sample: Math.max(count, SAMPLED_TEXTS), sliceBy, groupBy, seed });
    const texts = Map.groupBy(rows, ({ text }) => text);
    const single = rows.filter(({ text }) => texts.get(text)?.length === 1);
    if (single.length === 0) throw new NoQueries('every drawn row shares its text with another one', 'name queries with --queries FILE');
    const common = commonWords(rows.map(({ text }) => wordsOf(text)));
    return inGroups(await paraphraseRows(db, judge, campaign.name, single.slice(0, count), common), rows, source.kind);
  }
  const titleColumn = await findTitleColumn(db, campaign);
  if (source.kind === 'titles' && titleColumn === undefined)
    throw new NoQueries(
      `${campaign.table} has no title column outside the text that is embedded`,
      'make queries of the texts: --queries-from generated',
    );
  const rows = await drawTexts(db, campaign, TEXT_CHARACTERS, {
    sample: Math.max(count, SAMPLED_TEXTS),
    sliceBy,
    groupBy,
    seed,
    titleColumn,
  });
  if (titleColumn !== undefined) {
    const titles = titleQueries(rows, count);
    const enough = source.kind === 'titles' ? 1 : Math.max(1, Math.min(count, rows.length) / 2);
    if (titles.queries.length >= enough) return inGroups(titles, rows, `titles of column ${titleColumn}`);
    if (source.kind === 'titles')
      throw new NoQueries(
        `no title in column ${titleColumn} can be a query: each is in the text of its row, in several rows, or a single word`,
        'make queries of the texts: --queries-from generated',
      );
  }
  const generated = generateQueries(rows, count);
  if (generated.queries.length === 0) throw new NoQueries('no query could be made of the rows', 'name queries with --queries FILE');
  return inGroups(generated, rows, 'generated');
}

/** Adds the source, and names the relevant rows as the results name them: by their groups where results are grouped. */
function inGroups(made: GeneratedQueries, rows: readonly { key: string; resultKey: string }[], source: string) {
  const groups = new Map(rows.map(({ key, resultKey }) => [key, resultKey]));
  const judgements = new Map(
    [...made.judgements].map(([query, gains]) => [query, new Map([...gains].map(([key, gain]) => [groups.get(key) ?? key, gain]))]),
  );
  return { ...made, judgements, source };
}
