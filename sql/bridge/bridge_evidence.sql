-- As quality_evidence(): after the fifth look, new queries can no longer make a bridge pass.
CREATE OR REPLACE FUNCTION reembed.bridge_evidence(p_campaign text)
RETURNS TABLE (rank integer, queries bigint, looks bigint, before double precision, after double precision, margin double precision,
               outcome text, low double precision, high double precision, more_queries bigint)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  WITH pools AS (
    SELECT q.rank, count(*) AS n, max(q.look) AS looks, avg(q.before) AS before, avg(q.after) AS after, avg(q.after - q.before) AS mean, stddev_samp(q.after - q.before) AS sd,
           count(*) FILTER (WHERE q.look <= 5) AS early_n, avg(q.after - q.before) FILTER (WHERE q.look <= 5) AS early_mean, stddev_samp(q.after - q.before) FILTER (WHERE q.look <= 5) AS early_sd
      FROM reembed.bridge_queries(p_campaign) AS q GROUP BY q.rank
  ), margins AS (
    SELECT p.*, greatest(s.max_ndcg_loss::double precision * p.before, 0.01) AS margin
      FROM pools AS p CROSS JOIN (SELECT o.max_ndcg_loss FROM reembed.campaign AS m JOIN reembed.setting AS o ON o.target = m.target WHERE m.name = p_campaign) AS s
  )
  SELECT m.rank, m.n, m.looks, m.before, m.after, m.margin,
         CASE WHEN j.outcome <> 'pass' THEN j.outcome WHEN m.rank = 4 OR early.outcome <> 'pass' THEN 'unsure' ELSE 'pass' END,
         j.low, j.high, j.more_queries
    FROM margins AS m
   CROSS JOIN LATERAL reembed.judge_difference(m.n, m.mean, m.sd, m.margin) AS j
   CROSS JOIN LATERAL reembed.judge_difference(m.early_n, m.early_mean, m.early_sd, m.margin) AS early
$$;
COMMENT ON FUNCTION reembed.bridge_evidence IS 'What the judged queries of each rank say about the bridge against the old model, by the present margin; see bridge_queries() and judge_difference().';
