CREATE OR REPLACE FUNCTION reembed.archive_portion(p_name text, p_block bigint) RETURNS bigint
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
    RETURN NULL;
  END IF;
  SELECT * INTO STRICT t FROM reembed.target WHERE name = m.target;
  EXECUTE reembed.render('SELECT reembed.archive_rows_{suffix}($1, $2, $3)', to_jsonb(t))
    USING reembed.place(p_block), reembed.place(p_block + v_portion), reembed.failed_keys(m.target, m.from_model);
  -- The late trigger logs rows that are added meanwhile.
  RETURN CASE WHEN p_block + v_portion < reembed.blocks(t.relation) THEN p_block + v_portion END;
END;
$$;
COMMENT ON FUNCTION reembed.archive_portion IS 'Copies the old vectors of a range of blocks to the archive; returns the block to continue from, null at the end.';
