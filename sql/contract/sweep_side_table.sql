-- The triggers handle rows that change meanwhile. A vector that a worker renews at the same moment may be deleted as outdated; the sweep then finds it
-- missing.
CREATE OR REPLACE FUNCTION reembed.sweep_side_table(p_target text, p_role text, p_block bigint) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '500ms'
AS $$
DECLARE
  v_relation regclass := (SELECT v.relation FROM reembed.vector_column AS v WHERE v.target = p_target AND v.role = p_role AND v.storage = 'side_table');
  v_portion constant bigint := 50;
BEGIN
  IF v_relation IS NULL THEN
    RETURN NULL;
  END IF;
  EXECUTE reembed.render('SELECT reembed.sweep_{role}_{suffix}($1, $2)', (SELECT to_jsonb(t) FROM reembed.target AS t WHERE t.name = p_target) || jsonb_build_object('role', p_role))
    USING reembed.place(p_block), reembed.place(p_block + v_portion);
  RETURN CASE WHEN p_block + v_portion < reembed.blocks(v_relation) THEN p_block + v_portion END;
END;
$$;
COMMENT ON FUNCTION reembed.sweep_side_table IS 'Deletes the vectors of former texts and of deleted rows from a range of blocks of a side table; returns the block to continue from, null at the end.';
