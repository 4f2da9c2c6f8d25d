-- The index of a leaf that is nearly empty is not missed: reading the leaf takes no longer, and the watch builds it within a minute. Canary readers ask with
-- every search, so names are computed only for leaves that are not recorded yet, and sizes are read only of leaves without the index.
CREATE OR REPLACE FUNCTION reembed.missing_indexes(p_name text) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
  WITH campaign AS (
    SELECT m.name, m.phase, coalesce(m.to_relation, t.relation) AS indexed, t.relation FROM reembed.campaign AS m JOIN reembed.target AS t ON t.name = m.target WHERE m.name = p_name
  ), on_leaves AS (
    SELECT p.position, l.leaf,
           CASE m.phase WHEN 'contract' THEN coalesce(k.final_name, reembed.leaf_index_name(l.leaf, m.relation, p.final_name))
                        ELSE coalesce(k.name, reembed.leaf_index_name(l.leaf, m.relation, p.name)) END AS name
      FROM campaign AS m
      JOIN reembed.planned_index AS p ON p.campaign = m.name AND p.leaf IS NULL AND p.definition IS NOT NULL
     CROSS JOIN LATERAL reembed.leaves(m.relation) AS l
      LEFT JOIN reembed.planned_index AS k ON k.campaign = m.name AND k.leaf = l.leaf AND k.pattern = p.position
  )
  SELECT string_agg(w.name, ', ' ORDER BY w.step, w.position, w.leaf)
    FROM (
      SELECT 1 AS step, p.position, NULL::regclass AS leaf, p.name
        FROM campaign AS m
        JOIN reembed.planned_index AS p ON p.campaign = m.name AND p.leaf IS NULL AND p.definition IS NULL
       WHERE p.name IS NOT NULL AND reembed.valid_index(m.indexed, p.name) IS NULL
      UNION ALL
      SELECT 2, o.position, o.leaf, o.name
        FROM on_leaves AS o
       WHERE NOT EXISTS (SELECT FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid WHERE i.indrelid = o.leaf AND c.relname = o.name AND i.indisvalid AND i.indisready)
         AND reembed.is_large(o.leaf)) AS w;
$$;
COMMENT ON FUNCTION reembed.missing_indexes IS 'Indexes on the new vectors that do not exist or are INVALID, by their names before contract; null when there are none.';
