import type { Queryable } from '../database/connection.ts';
import type { Finding } from '../report/data/validation.ts';

/** The last validation of a campaign. */
export interface Verdict {
  id: number;
  /** by the present thresholds, or by those of its time when this role may not judge it */
  verdict: 'pass' | 'fail' | 'unsure';
  finished_at: Date;
  queries: number;
  overlap: number;
  index_recall: number | null;
  /** why it fails, and why it is unsure; empty when this role may not judge it */
  reasons: Finding[];
  doubts: Finding[];
}

/** A verdict by the present thresholds. */
export type Judged = Pick<Verdict, 'verdict' | 'reasons' | 'doubts'>;

/** Reads the verdicts on the last validations by the present thresholds, by id of the validation. */
export async function readVerdicts(db: Queryable): Promise<Map<number, Judged>> {
  const findings = (outcome: 'fail' | 'unsure') =>
    `coalesce(jsonb_agg(jsonb_build_object('code', j.code, 'reason', j.reason, 'remedy', j.remedy)) FILTER (WHERE j.outcome = '${outcome}'), '[]')`;
  const { rows } = await db.query<Judged & { id: string }>(
    `SELECT v.id::text AS id, reembed.verdict(v.id) AS verdict, ${findings('fail')} AS reasons, ${findings('unsure')} AS doubts
       FROM (SELECT DISTINCT ON (campaign) id FROM reembed.validation ORDER BY campaign, finished_at DESC, id DESC) AS v
       LEFT JOIN LATERAL reembed.judge_validation(v.id) AS j ON true GROUP BY v.id`,
  );
  return new Map(rows.map(({ id, ...judged }) => [Number(id), judged]));
}
