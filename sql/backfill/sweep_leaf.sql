-- SECURITY DEFINER, because a worker may not write to reembed.leaf.
CREATE OR REPLACE FUNCTION reembed.sweep_leaf(p_target text, p_leaf regclass, p_block bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET row_security = off
AS $$
DECLARE
  v_portion constant bigint := 200;
  v_campaign constant text := (SELECT v.campaign FROM reembed.vector_column AS v WHERE v.target = p_target AND v.role = 'new');
  v_new record;
  v_old record;
BEGIN
  v_new := reembed.log_missing(v_campaign, 'new', p_leaf, p_block, p_block + v_portion);
  v_old := reembed.log_missing(v_campaign, 'old', p_leaf, p_block, p_block + v_portion);
  IF v_new.logged = 1000 OR v_old.logged = 1000 THEN
    RETURN p_block;
  ELSIF p_block + v_portion < reembed.blocks(p_leaf) THEN
    RETURN p_block + v_portion;
  END IF;
  UPDATE reembed.leaf SET swept_at = clock_timestamp() WHERE target = p_target AND relation = p_leaf;
  RETURN NULL;
END;
$$;
COMMENT ON FUNCTION reembed.sweep_leaf IS 'One step of the search of a new partition for rows that lack a vector of either role; returns the block to continue from, null at the end.';
