import type { Queryable } from '../../database/connection.ts';
import type { Grade, JudgedSearches } from '../plain-sentence.ts';

/**
 * Common table expression of the queries that a report shows, for run $1 and grade $2: the newest result of each query of that grade over
 * all runs that count, as reembed.pooled_queries() pools them; without a grade the queries of the run.
 */
export const POOLED = `pooled AS (
       SELECT DISTINCT ON (o.hash, o.place) q.*
         FROM reembed.validation_query AS q
        CROSS JOIN LATERAL (SELECT coalesce(q.query_hash, sha256(convert_to(q.query, 'UTF8'))) AS hash, CASE WHEN $2::text IS NULL THEN q.ordinal END AS place) AS o
        WHERE CASE WHEN $2::text IS NULL THEN q.validation = $1::bigint
                   ELSE q.grade = $2 AND q.validation IN (SELECT reembed.evidence_runs($1::bigint)) END
        ORDER BY o.hash, o.place, q.validation DESC
     )`;

/** Reads the best grade of the judged queries that count for a run; null without one. */
export async function readGrade(db: Queryable, run: string): Promise<Grade | null> {
  const { rows } = await db.query<{ grade: Grade }>(
    `SELECT q.grade FROM reembed.validation_query AS q WHERE q.validation IN (SELECT reembed.evidence_runs($1)) AND q.grade IS NOT NULL
      GROUP BY q.grade ORDER BY array_position(ARRAY['people', 'model', 'rows'], q.grade) LIMIT 1`,
    [run],
  );
  return rows[0]?.grade ?? null;
}

/**
 * Counts the judged searches by what the change of the model does to them. A search finds a relevant row if one is among the first k, so
 * that its reciprocal rank is above 0.
 */
export async function readSearches(db: Queryable, run: string, grade: Grade): Promise<JudgedSearches> {
  const { rows } = await db.query<Omit<JudgedSearches, 'grade'>>(
    `WITH ${POOLED}
     SELECT count(*)::integer AS queries,
            count(*) FILTER (WHERE reciprocal_rank_before > 0 AND reciprocal_rank_after = 0)::integer AS lost,
            count(*) FILTER (WHERE reciprocal_rank_before = 0 AND reciprocal_rank_after > 0)::integer AS gained,
            count(*) FILTER (WHERE ndcg_after > ndcg_before + 1e-9)::integer AS better,
            count(*) FILTER (WHERE ndcg_after < ndcg_before - 1e-9)::integer AS worse
       FROM pooled`,
    [run, grade],
  );
  return { grade, ...(rows[0] ?? { queries: 0, lost: 0, gained: 0, better: 0, worse: 0 }) };
}
