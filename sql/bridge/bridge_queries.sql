-- The newest result of a query counts, because answers change while the backfill advances. Queries that repeat the words of their row are a rank of their own,
-- the lowest, as in pooled_queries().
CREATE OR REPLACE FUNCTION reembed.bridge_queries(p_campaign text)
RETURNS TABLE (rank integer, before double precision, after double precision, look bigint)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  WITH judged AS (
    SELECT q.validation, q.query_hash, q.ndcg_old, q.ndcg_bridge, CASE WHEN q.grade = 'people' THEN 1 WHEN v.lexical_share > 0.5 THEN 4 ELSE 3 END AS rank
      FROM reembed.bridge AS b
      JOIN reembed.bridge_validation AS v ON v.campaign = b.campaign AND v.fitted_at = b.fitted_at
      JOIN reembed.bridge_validation_query AS q ON q.validation = v.id
     WHERE b.campaign = p_campaign AND q.ndcg_old IS NOT NULL
  ), pooled AS (
    SELECT j.rank, (array_agg(j.ndcg_old ORDER BY j.validation DESC))[1] AS before, (array_agg(j.ndcg_bridge ORDER BY j.validation DESC))[1] AS after, min(j.validation) AS first_run
      FROM judged AS j GROUP BY j.rank, j.query_hash
  )
  SELECT p.rank, p.before, p.after, dense_rank() OVER (PARTITION BY p.rank ORDER BY p.first_run) FROM pooled AS p
$$;
COMMENT ON FUNCTION reembed.bridge_queries IS 'Judged queries of all validations of a campaign''s present map that asked the old model too, each once with its newest result: nDCG of the old model and of the bridge. rank and look as in pooled_queries().';
