CREATE OR REPLACE FUNCTION reembed.missing_indexes(p_name text) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT string_agg(p.name, ', ' ORDER BY p.position)
    FROM reembed.campaign AS m
    JOIN reembed.target AS t ON t.name = m.target
    JOIN reembed.planned_index AS p ON p.campaign = m.name
   WHERE m.name = p_name AND p.name IS NOT NULL AND reembed.valid_index(coalesce(m.to_relation, t.relation), p.name) IS NULL;
$$;
COMMENT ON FUNCTION reembed.missing_indexes IS 'Indexes on the new vectors that do not exist or are INVALID, by their names before contract; null when there are none.';
