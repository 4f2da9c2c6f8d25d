-- The index of a leaf that is nearly empty is not missed: reading the leaf takes no longer, and the watch builds it within a minute.
CREATE OR REPLACE FUNCTION reembed.missing_indexes(p_name text) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT string_agg(w.name, ', ' ORDER BY w.step, w.position)
    FROM (
      SELECT 1 AS step, p.position, p.name
        FROM reembed.campaign AS m
        JOIN reembed.target AS t ON t.name = m.target
        JOIN reembed.planned_index AS p ON p.campaign = m.name AND p.leaf IS NULL AND p.definition IS NULL
       WHERE m.name = p_name AND p.name IS NOT NULL AND reembed.valid_index(coalesce(m.to_relation, t.relation), p.name) IS NULL
      UNION ALL
      SELECT 2, i.pattern, i.present_name FROM reembed.leaf_indexes(p_name) AS i WHERE i.name IS NOT NULL AND NOT i.is_valid AND reembed.is_large(i.leaf)) AS w;
$$;
COMMENT ON FUNCTION reembed.missing_indexes IS 'Indexes on the new vectors that do not exist or are INVALID, by their names before contract; null when there are none.';
