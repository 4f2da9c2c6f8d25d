CREATE OR REPLACE FUNCTION reembed.asks_for_candidates(p_campaign text) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
RETURN EXISTS (SELECT FROM reembed.planned_index AS p WHERE p.campaign = p_campaign AND p.is_main AND (p.form <> 'plain' OR p.definition IS NOT NULL AND p.method = 'hnsw'));
COMMENT ON FUNCTION reembed.asks_for_candidates IS 'Whether searches of the new vectors ask for a number of candidates: the index holds less than the vectors, or each partition has one.';
