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
  IF p_leaf IS NULL THEN
    SELECT n.leaf, n.block INTO next_leaf, next_block FROM reembed.next_place(t.relation, NULL, NULL) AS n;
    RETURN;
  END IF;
  EXECUTE reembed.render('SELECT reembed.archive_rows_{suffix}($1, $2, $3, $4)', to_jsonb(t))
    USING p_leaf, reembed.place(p_block), reembed.place(p_block + v_portion), reembed.failed_keys(m.target, m.from_model);
  -- The late trigger logs rows that are added meanwhile.
  SELECT n.leaf, n.block INTO next_leaf, next_block FROM reembed.next_place(t.relation, p_leaf, p_block + v_portion) AS n;
END;
$$;
COMMENT ON FUNCTION reembed.archive_portion IS 'Copies the old vectors of a range of blocks of a leaf to the archive; returns where to continue, nulls at the end. Without p_leaf: returns where to start.';
