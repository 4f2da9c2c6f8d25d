CREATE OR REPLACE FUNCTION reembed.is_captured(p_target text) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT coalesce(bool_or(m.phase <> 'contract' OR v.storage = 'side_table' OR s.maintained_by = 'workers'), false)
    FROM reembed.vector_column AS v
    JOIN reembed.campaign AS m ON m.name = v.campaign
    JOIN reembed.setting AS s ON s.target = v.target
   WHERE v.target = p_target
$$;
COMMENT ON FUNCTION reembed.is_captured IS 'Whether triggers log the changes of a target: always during a campaign; afterwards where workers embed changed rows.';
