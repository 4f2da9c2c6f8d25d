CREATE OR REPLACE FUNCTION reembed.unarchived_leaves(p_target text) RETURNS TABLE (leaf regclass)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT l.leaf
    FROM reembed.target AS t CROSS JOIN LATERAL reembed.leaves(t.relation) AS l
   WHERE t.name = p_target AND NOT EXISTS (SELECT FROM reembed.leaf AS k WHERE k.target = t.name AND k.relation = l.leaf AND k.archived_at IS NOT NULL)
$$;
COMMENT ON FUNCTION reembed.unarchived_leaves IS 'Leaves of a target whose old vectors are not all in the archive yet.';
