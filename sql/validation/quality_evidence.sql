-- After the fifth look, new queries can no longer make a run pass: both the first five looks and all of them together must. A fail needs no look of its own,
-- because the margin already lies between an equal model and the boundary.
CREATE OR REPLACE FUNCTION reembed.quality_evidence(p_validation bigint)
RETURNS TABLE (rank integer, grade text, queries bigint, looks bigint, before double precision, after double precision, margin double precision,
               outcome text, low double precision, high double precision, more_queries bigint)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  WITH pools AS (
    SELECT q.rank, q.grade, count(*) AS n, max(q.look) AS looks, avg(q.before) AS before, avg(q.after) AS after, avg(q.after - q.before) AS mean, stddev_samp(q.after - q.before) AS sd,
           count(*) FILTER (WHERE q.look <= 5) AS early_n, avg(q.before) FILTER (WHERE q.look <= 5) AS early_before,
           avg(q.after - q.before) FILTER (WHERE q.look <= 5) AS early_mean, stddev_samp(q.after - q.before) FILTER (WHERE q.look <= 5) AS early_sd
      FROM reembed.pooled_queries(p_validation) AS q GROUP BY q.rank, q.grade
  ), margins AS (
    SELECT p.*, reembed.quality_margin(p_validation, p.before) AS margin, reembed.quality_margin(p_validation, p.early_before) AS early_margin FROM pools AS p
  )
  SELECT m.rank, m.grade, m.n, m.looks, m.before, m.after, m.margin,
         CASE WHEN j.outcome <> 'pass' THEN j.outcome
              WHEN m.rank = 4 OR early.outcome <> 'pass' THEN 'unsure'
              ELSE 'pass' END,
         j.low, j.high, j.more_queries
    FROM margins AS m
   CROSS JOIN LATERAL reembed.judge_difference(m.n, m.mean, m.sd, m.margin) AS j
   CROSS JOIN LATERAL reembed.judge_difference(m.early_n, m.early_mean, m.early_sd, m.early_margin) AS early
$$;
COMMENT ON FUNCTION reembed.quality_evidence IS 'What the judged queries of each rank say about the quality of the new model, by the present margin; see pooled_queries() and judge_difference().';
