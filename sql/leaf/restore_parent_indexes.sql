-- Only catalog entries change: the index on the partitioned table itself has no rows, and becomes valid when the last leaf is attached. SHARE on the
-- partitioned table, not on its leaves, for milliseconds.
CREATE OR REPLACE FUNCTION reembed.restore_parent_indexes(p_name text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
AS $$
DECLARE
  t reembed.target;
  p record;
BEGIN
  PERFORM reembed.plan_leaf_indexes(p_name);
  SELECT g.* INTO STRICT t FROM reembed.campaign AS m JOIN reembed.target AS g ON g.name = m.target WHERE m.name = p_name;
  FOR p IN
    SELECT w.position, w.old_name, w.old_definition FROM reembed.planned_index AS w
     WHERE w.campaign = p_name AND w.leaf IS NULL AND w.old_name IS NOT NULL AND w.old_definition IS NOT NULL AND reembed.valid_index(t.relation, w.old_name) IS NULL
  LOOP
    PERFORM reembed.attach_indexes(t.relation, p.old_name, p.old_definition,
      ARRAY(SELECT reembed.valid_index(i.leaf, i.restored_name) FROM reembed.leaf_indexes(p_name) AS i WHERE i.pattern = p.position));
  END LOOP;
END;
$$;
COMMENT ON FUNCTION reembed.restore_parent_indexes IS 'Makes the restored old indexes of the leaves of a partitioned table parts of one index again, as they were before contract.';
