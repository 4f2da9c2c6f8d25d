CREATE OR REPLACE FUNCTION reembed.quality_margin(p_validation bigint, p_before double precision) RETURNS double precision
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT greatest(s.max_ndcg_loss::double precision * p_before, 0.01)
    FROM reembed.validation AS v JOIN reembed.campaign AS m ON m.name = v.campaign JOIN reembed.setting AS s ON s.target = m.target
   WHERE v.id = p_validation
$$;
COMMENT ON FUNCTION reembed.quality_margin IS 'Loss of nDCG that is tolerated when the old model reaches p_before: max_ndcg_loss of it, and at least 0.01.';
