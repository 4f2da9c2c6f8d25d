-- Each portion is committed, so that workers start on the rows at once and a large table causes no long transaction. The gate finds rows that move meanwhile.
CREATE OR REPLACE FUNCTION reembed.sweep_portion(p_name text, p_role text, p_leaf regclass, p_block bigint, OUT next_leaf regclass, OUT next_block bigint)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_portion constant bigint := 200;
  v_relation constant regclass := (SELECT t.relation FROM reembed.campaign AS m JOIN reembed.target AS t ON t.name = m.target WHERE m.name = p_name);
  v_place record;
  v_found record;
BEGIN
  SELECT p.leaf, p.block INTO v_place FROM (SELECT p_leaf AS leaf, p_block AS block WHERE p_leaf IS NOT NULL UNION ALL SELECT * FROM reembed.next_place(v_relation, NULL, NULL) WHERE p_leaf IS NULL) AS p;
  v_found := reembed.log_missing(p_name, p_role, v_place.leaf, v_place.block, v_place.block + v_portion);
  IF v_found.logged = 1000 THEN
    next_leaf := v_place.leaf;
    next_block := v_place.block;
  ELSE
    SELECT n.leaf, n.block INTO next_leaf, next_block FROM reembed.next_place(v_relation, v_place.leaf, v_place.block + v_portion) AS n;
  END IF;
  IF next_leaf IS NULL THEN
    UPDATE reembed.campaign SET swept_at = clock_timestamp() WHERE name = p_name AND p_role = 'new';
  END IF;
END;
$$;
COMMENT ON FUNCTION reembed.sweep_portion IS 'One step of a sweep for rows that lack a vector of one role, at a block of a leaf, or at the start without p_leaf; returns where to continue, nulls at the end.';
