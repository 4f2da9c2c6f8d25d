import type { Queryable } from '../../database/connection.ts';
import type { Grade } from '../plain-sentence.ts';

/** What the judged queries of one grade say about the quality of the new model: a row of reembed.quality_evidence(). */
export interface ReportedQuality {
  /** 1 judged by people, 2 by a chat model, 3 made of rows, 4 made of rows in their own words */
  rank: number;
  grade: Grade;
  queries: number;
  /** mean nDCG@k of each model */
  before: number;
  after: number;
  /** loss of nDCG@k that is tolerated */
  margin: number;
  outcome: 'pass' | 'fail' | 'unsure';
  /** bounds of the difference by which it is decided; null for too few queries */
  low: number | null;
  high: number | null;
  /** how many more queries would decide; null when it is decided or no sensible number does */
  more_queries: number | null;
}

/** Reads the evidence of quality that counts for a run, the best grade first. */
export async function readQuality(db: Queryable, run: string): Promise<ReportedQuality[]> {
  const { rows } = await db.query<ReportedQuality>(
    `SELECT rank, grade, queries::float8 AS queries, before, after, margin, outcome, low, high, more_queries::float8 AS more_queries
       FROM reembed.quality_evidence($1) ORDER BY rank`,
    [run],
  );
  return rows;
}
