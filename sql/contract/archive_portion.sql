-- The next leaf is any that is not archived yet, so that one that is attached meanwhile is not left out.
CREATE OR REPLACE FUNCTION reembed.archive_portion(p_name text, p_leaf regclass, p_block bigint, OUT next_leaf regclass, OUT next_block bigint)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  m reembed.campaign;
  t reembed.target;
  v_portion constant bigint := 1000;
BEGIN
  SELECT * INTO STRICT m FROM reembed.campaign WHERE name = p_name;
  IF m.phase = 'contract' THEN
    RETURN;
  END IF;
  SELECT * INTO STRICT t FROM reembed.target WHERE name = m.target;
  IF p_leaf IS NOT NULL THEN
    EXECUTE reembed.render('SELECT reembed.archive_rows_{suffix}($1, $2, $3, $4)', to_jsonb(t))
      USING p_leaf, reembed.place(p_block), reembed.place(p_block + v_portion), reembed.failed_keys(m.target, m.from_model);
    -- The late trigger logs rows that are added meanwhile.
    IF p_block + v_portion < reembed.blocks(p_leaf) THEN
      next_leaf := p_leaf;
      next_block := p_block + v_portion;
      RETURN;
    END IF;
    INSERT INTO reembed.leaf AS k (target, relation, archived_at) SELECT t.name, l.leaf, now() FROM reembed.leaves(t.relation) AS l WHERE l.leaf = p_leaf
    ON CONFLICT (target, relation) DO UPDATE SET archived_at = excluded.archived_at;
  END IF;
  SELECT l.leaf, 0 INTO next_leaf, next_block FROM reembed.unarchived_leaves(t.name) AS l ORDER BY l.leaf LIMIT 1;
END;
$$;
COMMENT ON FUNCTION reembed.archive_portion IS 'Copies the old vectors of a range of blocks of a leaf to the archive; returns where to continue, nulls at the end. Without p_leaf: returns where to start.';
