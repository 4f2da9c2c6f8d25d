import type pg from 'pg';
import { inTransaction } from '../../database/connection.ts';
import type { Campaign } from '../campaign.ts';
import type { Role } from '../compared-model.ts';
import type { Judgements } from '../queries/judgements.ts';
import type { Grade, VectorQuery } from '../queries/queries.ts';
import { nearestExactly } from '../search/exact-search.ts';
import { nearestByIndex } from '../search/index-search.ts';
import { type FoundRow, type ResultNames, tableSource } from '../search/search-source.ts';
import { kendallTau, rankBiasedOverlap } from './rank-correlation.ts';
import { condensedNdcgAt, type Gains, jaccardAt, judgedShareAt, ndcgAt, overlapAt, recallAt, reciprocalRankAt } from './ranking-metrics.ts';

/** A figure of the old and of the new model. */
export interface BeforeAfter {
  before: number;
  after: number;
}

/** The results of one query. */
export interface QueryComparison {
  query: VectorQuery;
  /** exact nearest rows, or groups of rows, in each model */
  results: { before: FoundRow[]; after: FoundRow[] };
  overlap: number;
  jaccard: number;
  rankBiasedOverlap: number;
  kendallTau: number;
  /** of the old and of the new index; null without a usable one */
  indexRecall: { before: number | null; after: number | null };
  /** null for a query without judgements */
  judged: JudgedResults | null;
}

/** The figures of a judged query. */
export interface JudgedResults {
  grade: Grade;
  ndcg: BeforeAfter;
  reciprocalRank: BeforeAfter;
  recall: BeforeAfter;
  /** keys of the rows in either list that are judged relevant */
  relevantKeys: string[];
  /** how much of the results is judged; null for a query that has one relevant row by construction */
  completeness: {
    judgedShare: BeforeAfter;
    condensedNdcg: BeforeAfter;
    /** whether any row is judged not relevant: without one, every condensed list is in perfect order */
    hasIrrelevant: boolean;
  } | null;
}

/** Longest wait for a lock. A waiting search blocks no one, but a table that stays locked should end the run. */
export const LOCK_WAIT = '30s';

/** Number of queries per pass over the table. More would save little time and update the progress less often. */
export const QUERIES_A_PASS = 100;

interface CompareOptions extends ResultNames {
  /** depth of the result lists, in rows or groups */
  k: number;
  judgements?: Judgements | undefined;
  /** who judged the queries */
  grade: Grade;
  /** whether the index of each model can be searched */
  withIndex: Record<Role, boolean>;
}

/**
 * Runs queries against both models exactly, and against both indexes. All in one transaction, which only keeps the planner settings from
 * leaking: each statement has its own snapshot, so none is older than one pass over the table. While a backfill adds vectors, both models
 * have one snapshot, so that they search the same rows.
 *
 * @param queries at most QUERIES_A_PASS
 */
export async function compareQueries(
  pool: pg.Pool,
  campaign: Campaign,
  queries: readonly VectorQuery[],
  { k, judgements, grade, withIndex, ...names }: CompareOptions,
): Promise<QueryComparison[]> {
  // A query drawn from a row finds that row first, so one more result is needed.
  const limit = queries.some(({ ownKey }) => ownKey !== undefined) ? k + 1 : k;
  return inTransaction(
    pool,
    async (client) => {
      const exact = (side: Role) =>
        nearestExactly(
          client,
          tableSource(campaign, campaign[side], names),
          queries.map((query) => query[`${side}Vector`]),
          limit,
        );
      const old = await exact('old');
      const renewed = await exact('new');
      const comparisons: QueryComparison[] = [];
      for (const [position, query] of queries.entries()) {
        const others = (rows: FoundRow[] = []) => rows.filter((row) => row.key !== query.ownKey).slice(0, k);
        const results = { before: others(old[position]), after: others(renewed[position]) };
        const recall = async (side: Role, exactRows: FoundRow[]) =>
          withIndex[side]
            ? indexRecall(
                exactRows,
                others(await nearestByIndex(client, tableSource(campaign, campaign[side], names), query[`${side}Vector`], limit)),
              )
            : null;
        const recalls = { before: await recall('old', results.before), after: await recall('new', results.after) };
        const gains = judgements?.get(query.id);
        comparisons.push(compare(query, results, recalls, k, gains && judgeResults(results, { gains }, k, grade)));
      }
      return comparisons;
    },
    LOCK_WAIT,
    campaign.isPartial ? 'REPEATABLE READ' : 'READ COMMITTED',
  );
}

/**
 * Share of the exact nearest rows that the index also returned. A row counts if it is as near as the last exact one, because of several
 * rows at the same distance either search may return any (recall as in Aumüller, Bernhardsson and Faithfull, "ANN-Benchmarks", Information
 * Systems 87, 2020, with epsilon 0).
 *
 * @param exact exact nearest rows, nearest first
 * @param found rows that the index returned
 * @returns 0 to 1; 1 when there was nothing to find
 */
export function indexRecall(exact: readonly FoundRow[], found: readonly FoundRow[]): number {
  const farthest = exact.at(-1);
  if (!farthest) return 1;
  return Math.min(exact.length, found.filter((row) => row.distance <= farthest.distance).length) / exact.length;
}

function compare(
  query: VectorQuery,
  results: QueryComparison['results'],
  recalls: QueryComparison['indexRecall'],
  k: number,
  judged: QueryComparison['judged'] = null,
): QueryComparison {
  const [before, after] = [keysOf(results.before), keysOf(results.after)];
  return {
    query,
    results,
    overlap: overlapAt(before, after, k),
    jaccard: jaccardAt(before, after, k),
    rankBiasedOverlap: rankBiasedOverlap(before, after),
    kendallTau: kendallTau(before, after),
    indexRecall: recalls,
    judged,
  };
}

/**
 * Computes the figures of a query from judgements.
 *
 * @param relevance judgements for the metrics that know relevant rows only; default: the same
 */
export function judgeResults(
  results: QueryComparison['results'],
  { gains, relevance = gains }: { gains: Gains; relevance?: Gains },
  k: number,
  grade: Grade,
): JudgedResults {
  const old = judgedIds(results.before);
  const renewed = judgedIds(results.after);
  const relevant = [...results.before, ...results.after].filter(({ judgedId }) => (relevance.get(judgedId) ?? 0) > 0);
  const both = (metric: typeof ndcgAt, judged: Gains) => ({ before: metric(old, judged, k), after: metric(renewed, judged, k) });
  return {
    grade,
    ndcg: both(ndcgAt, gains),
    reciprocalRank: both(reciprocalRankAt, relevance),
    recall: both(recallAt, relevance),
    relevantKeys: [...new Set(keysOf(relevant))],
    completeness:
      grade === 'rows'
        ? null
        : {
            judgedShare: both(judgedShareAt, gains),
            condensedNdcg: both(condensedNdcgAt, gains),
            hasIrrelevant: [...gains.values()].some((gain) => gain <= 0),
          },
  };
}

function keysOf(rows: FoundRow[]): string[] {
  return rows.map((row) => row.key);
}

/** Ids of the judged documents, each once. Several rows may be parts of one document, which takes the rank of its best part. */
function judgedIds(rows: FoundRow[]): string[] {
  return [...new Set(rows.map((row) => row.judgedId))];
}
