-- Leaves are visited in the order of their OIDs, so a scan continues behind one that was detached meanwhile.
CREATE OR REPLACE FUNCTION reembed.next_place(p_relation regclass, p_leaf regclass, p_block bigint, OUT leaf regclass, OUT block bigint)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF p_block < reembed.blocks(p_leaf) THEN
    leaf := p_leaf;
    block := p_block;
  ELSE
    SELECT l.leaf, 0 INTO leaf, block FROM reembed.leaves(p_relation) AS l WHERE p_leaf IS NULL OR l.leaf > p_leaf ORDER BY l.leaf LIMIT 1;
  END IF;
END;
$$;
COMMENT ON FUNCTION reembed.next_place IS 'Where a scan of a table in portions continues: at a block of the leaf, or at the start of the next leaf; nulls at the end. Without p_leaf: where it starts.';
