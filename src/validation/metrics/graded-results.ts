import type { Queryable } from '../../database/connection.ts';
import { RELEVANT_FROM } from '../../judge/grade-answer.ts';
import { type Grading, gradeQueries } from '../../judge/grade-queries.ts';
import type { Judge } from '../../judge/judge.ts';
import type { Campaign } from '../campaign.ts';
import { TEXT_CHARACTERS } from '../queries/generated-queries.ts';
import type { Judgements } from '../queries/judgements.ts';
import { asOwner } from '../search/as-owner.ts';
import type { FoundRow } from '../search/search-source.ts';
import { judgeResults, type QueryComparison } from './comparison.ts';

/** Comparisons with the grades of a chat model. */
export interface GradedResults {
  comparisons: QueryComparison[];
  /** rows that the chat model found relevant or not, by query id, as 1 or 0 */
  judgements: Judgements;
  grading: Grading;
}

/**
 * Has a chat model grade the results of both models together (pooling), and the row that a query was made of. Queries that people judged
 * keep their judgements. A query for which no row is relevant is not judged, as in a file of judgements.
 *
 * @param k depth of the result lists
 * @throws JudgePriceMissing; errors of the database
 */
export async function gradeResults(
  db: Queryable,
  campaign: Campaign,
  comparisons: readonly QueryComparison[],
  judge: Judge,
  k: number,
): Promise<GradedResults> {
  const pools = comparisons.flatMap((one) =>
    one.judged?.grade === 'people' || one.query.text === undefined ? [] : [{ one, rows: poolOf(one) }],
  );
  const texts = await readTexts(db, campaign, [...new Set(pools.flatMap(({ rows }) => rows.map(({ key }) => key)))]);
  const grading = await gradeQueries(
    db,
    judge,
    { campaign: campaign.name, target: campaign.target },
    pools.map(({ one, rows }) => ({ query: one.query.text ?? '', texts: rows.flatMap(({ key }) => texts.get(key) ?? []) })),
  );
  const judgements = new Map<string, ReadonlyMap<string, number>>();
  const graded = new Map(
    pools.map(({ one, rows }): [QueryComparison, QueryComparison] => {
      const gains = gainsOf(one.query.text ?? '', rows, texts, grading);
      if (grading.isLeftOut(one.query.text ?? '') || [...gains.values()].every((gain) => gain === 0))
        return [one, { ...one, judged: null }];
      const relevance = new Map([...gains].map(([id, gain]) => [id, gain >= RELEVANT_FROM ? 1 : 0]));
      judgements.set(one.query.id, relevance);
      return [one, { ...one, judged: judgeResults(one.results, { gains, relevance }, k, 'model') }];
    }),
  );
  return { comparisons: comparisons.map((one) => graded.get(one) ?? one), judgements, grading };
}

/** Results of both models, each once, and the row that the query was made of. */
function poolOf({ query, results }: QueryComparison): Pick<FoundRow, 'key' | 'judgedId'>[] {
  const own = query.rowKey === undefined ? [] : [{ key: query.rowKey, judgedId: query.rowKey }];
  return [...new Map([...own, ...results.before, ...results.after].map((row) => [row.key, row])).values()];
}

/** The grade of each judged document: the best one of its rows. A row without a grade has no entry. */
function gainsOf(query: string, rows: readonly Pick<FoundRow, 'key' | 'judgedId'>[], texts: ReadonlyMap<string, string>, grading: Grading) {
  const gains = new Map<string, number>();
  for (const { key, judgedId } of rows) {
    const text = texts.get(key);
    const grade = text === undefined ? undefined : grading.gradeOf(query, text);
    if (grade !== undefined) gains.set(judgedId, Math.max(grade, gains.get(judgedId) ?? 0));
  }
  return gains;
}

/** Texts of rows by key, cut off as the chat model gets them. */
async function readTexts(db: Queryable, campaign: Campaign, keys: readonly string[]): Promise<Map<string, string>> {
  const { rows } = await asOwner(db, campaign).query<{ key: string; text: string }>(
    `SELECT ${campaign.keyText} AS key, left(${campaign.text}, $2::integer) AS text
       FROM ${campaign.rows} WHERE ${campaign.hasText} AND (${campaign.keyText}) = ANY ($1::text[])`,
    [keys, TEXT_CHARACTERS],
  );
  return new Map(rows.map(({ key, text }) => [key, text]));
}
