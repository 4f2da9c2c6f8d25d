import type pg from 'pg';
import { inTransaction } from '../database/connection.ts';
import type { Campaign } from './campaign.ts';
import { type FoundRow, nearestByIndex, nearestExactly } from './nearest-rows.ts';
import type { VectorQuery } from './queries.ts';
import { type Gains, ndcgAt, overlapAt, recallAt, reciprocalRankAt } from './ranking-metrics.ts';

/** A figure of the old model and of the new one. */
export interface BeforeAfter {
  before: number;
  after: number;
}

/** What one query showed. */
export interface QueryComparison {
  label: string;
  overlap: number;
  /** null without a usable index */
  indexRecall: number | null;
  /** null for a query without judgements */
  judged: { ndcg: BeforeAfter; reciprocalRank: BeforeAfter; recall: BeforeAfter } | null;
}

/** Longest wait for a lock: a search that waits holds up nobody, but a table that stays locked should end the run. */
export const LOCK_WAIT = '30s';

/**
 * Asks one query of both models, exactly, and of the new index. All of it in one short transaction, which only keeps the
 * planner settings from leaking: each statement has a snapshot of its own, so no old one holds up vacuum.
 *
 * @param k depth of the result lists
 * @param options.gains judgements of the query
 * @param options.judgementColumn column that the judgements name, instead of the key
 * @param options.withIndex whether the new index can be searched
 */
export async function compareQuery(
  pool: pg.Pool,
  campaign: Campaign,
  query: VectorQuery,
  k: number,
  options: { gains?: Gains | undefined; judgementColumn?: string | undefined; withIndex: boolean },
): Promise<QueryComparison> {
  // A row that is a query finds itself first; one more result makes up for it.
  const limit = query.ownKey === undefined ? k : k + 1;
  const others = (rows: FoundRow[]) => rows.filter((row) => row.key !== query.ownKey).slice(0, k);
  return inTransaction(
    pool,
    async (client) => {
      const before = others(await nearestExactly(client, campaign, campaign.old, query.oldVector, limit, options.judgementColumn));
      const after = others(await nearestExactly(client, campaign, campaign.new, query.newVector, limit, options.judgementColumn));
      const found = options.withIndex ? others(await nearestByIndex(client, campaign, campaign.new, query.newVector, limit)) : null;
      return {
        label: query.label,
        overlap: overlapAt(keysOf(before), keysOf(after), k),
        indexRecall: found && indexRecall(after, found),
        judged: options.gains ? judge(before, after, options.gains, k) : null,
      };
    },
    LOCK_WAIT,
  );
}

/**
 * Share of the exact nearest rows that the index returned as well. A row counts when it is as near as the last exact
 * one, for of several rows at one distance either search may return any (recall as in Aumüller, Bernhardsson and
 * Faithfull, "ANN-Benchmarks", Information Systems 87, 2020, with epsilon 0).
 *
 * @param exact nearest first
 * @param found what the index returned
 * @returns 0 to 1; 1 when there was nothing to find
 */
export function indexRecall(exact: readonly FoundRow[], found: readonly FoundRow[]): number {
  const farthest = exact.at(-1);
  if (!farthest) return 1;
  return Math.min(exact.length, found.filter((row) => row.distance <= farthest.distance).length) / exact.length;
}

function judge(before: FoundRow[], after: FoundRow[], gains: Gains, k: number): QueryComparison['judged'] {
  const old = judgedIds(before);
  const renewed = judgedIds(after);
  const both = (metric: typeof ndcgAt) => ({ before: metric(old, gains, k), after: metric(renewed, gains, k) });
  return { ndcg: both(ndcgAt), reciprocalRank: both(reciprocalRankAt), recall: both(recallAt) };
}

function keysOf(rows: FoundRow[]): string[] {
  return rows.map((row) => row.key);
}

/** Several rows may be parts of one judged document; its best part stands for it. */
function judgedIds(rows: FoundRow[]): string[] {
  return [...new Set(rows.map((row) => row.judgedId))];
}
