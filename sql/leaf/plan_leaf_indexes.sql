CREATE OR REPLACE FUNCTION reembed.plan_leaf_indexes(p_name text) RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  DELETE FROM reembed.planned_index AS p USING reembed.campaign AS m, reembed.target AS t
   WHERE p.campaign = p_name AND m.name = p.campaign AND t.name = m.target AND p.leaf IS NOT NULL AND p.leaf NOT IN (SELECT l.leaf FROM reembed.leaves(t.relation) AS l);
  INSERT INTO reembed.planned_index (campaign, position, leaf, pattern, old_name, name, final_name)
  SELECT p_name, (SELECT max(p.position) FROM reembed.planned_index AS p WHERE p.campaign = p_name) + row_number() OVER (ORDER BY i.pattern, i.leaf), i.leaf, i.pattern, i.old_name, i.name, i.final_name
    FROM reembed.leaf_indexes(p_name) AS i WHERE NOT i.is_recorded AND (i.name IS NOT NULL OR i.old_name IS NOT NULL)
  ON CONFLICT (campaign, leaf, pattern) DO UPDATE SET old_name = excluded.old_name;
$$;
COMMENT ON FUNCTION reembed.plan_leaf_indexes IS 'Records the indexes of leaves that are new, and forgets those of leaves that were detached or dropped.';
