-- Each portion is committed, so that workers start on the rows at once and a large table causes no long transaction. The gate finds rows that move meanwhile.
CREATE OR REPLACE FUNCTION reembed.sweep_portion(p_name text, p_role text, p_block bigint) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_found record;
  v_relation regclass := (SELECT t.relation FROM reembed.campaign AS m JOIN reembed.target AS t ON t.name = m.target WHERE m.name = p_name);
BEGIN
  v_found := reembed.log_missing(p_name, p_role, p_block, p_block + 200);
  IF v_found.logged = 1000 THEN
    RETURN p_block;
  ELSIF p_block + 200 < reembed.blocks(v_relation) THEN
    RETURN p_block + 200;
  END IF;
  UPDATE reembed.campaign SET swept_at = clock_timestamp() WHERE name = p_name AND p_role = 'new';
  RETURN NULL;
END;
$$;
COMMENT ON FUNCTION reembed.sweep_portion IS 'One step of a sweep for rows that lack a vector of one role, starting at a block; returns the block to continue from, null at the end.';
