-- The newest result of a query counts. Queries that repeat the words of their row are a grade of their own, the lowest. Slices are kept from earlier runs: a run
-- without --slice-by must not hide what a run with it found.
CREATE OR REPLACE FUNCTION reembed.pooled_queries(p_validation bigint)
RETURNS TABLE (rank integer, grade text, before double precision, after double precision, slices jsonb, look bigint)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  WITH judged AS (
    SELECT q.validation, q.ndcg_before, q.ndcg_after, q.slices, q.grade, coalesce(q.query_hash, sha256(convert_to(q.query, 'UTF8'))) AS hash,
           CASE WHEN q.grade = 'people' THEN 1 WHEN q.grade = 'model' THEN 2 WHEN v.lexical_share > 0.5 THEN 4 ELSE 3 END AS rank
      FROM reembed.validation AS v
      JOIN reembed.validation_query AS q ON q.validation = v.id
     WHERE v.id = ANY (ARRAY(SELECT reembed.evidence_runs(p_validation))) AND q.grade IS NOT NULL
  ), pooled AS (
    SELECT j.rank, j.grade, (array_agg(j.ndcg_before ORDER BY j.validation DESC))[1] AS before, (array_agg(j.ndcg_after ORDER BY j.validation DESC))[1] AS after,
           array_agg(j.slices ORDER BY j.validation) AS slices, min(j.validation) AS first_run
      FROM judged AS j GROUP BY j.rank, j.grade, j.hash
  )
  SELECT p.rank, p.grade, p.before, p.after,
         coalesce((SELECT jsonb_object_agg(s.key, s.value ORDER BY r.place) FROM unnest(p.slices) WITH ORDINALITY AS r(slices, place) CROSS JOIN LATERAL jsonb_each(r.slices) AS s), '{}'),
         dense_rank() OVER (PARTITION BY p.rank ORDER BY p.first_run)
    FROM pooled AS p
$$;
COMMENT ON FUNCTION reembed.pooled_queries IS 'Judged queries of all runs that count for a validation, each once with its newest result. rank: 1 judged by people, 2 by a chat model, 3 made of rows, 4 made of rows in their own words. look: ordinal of the run that first had the query, among those that added some.';
