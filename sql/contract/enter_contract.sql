CREATE OR REPLACE FUNCTION reembed.enter_contract(p_name text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
AS $$
DECLARE
  m reembed.campaign;
BEGIN
  PERFORM reembed.enter_phase(p_name, 'contract');
  SELECT * INTO STRICT m FROM reembed.campaign WHERE name = p_name;
  -- They were in the old column.
  DELETE FROM reembed.written_vector WHERE target = m.target;
  DELETE FROM reembed.failed_row WHERE target = m.target AND model = m.from_model;
  -- It maps into the old space.
  DELETE FROM reembed.bridge WHERE campaign = p_name;
  PERFORM reembed.compile_target(m.target);
  PERFORM reembed.replace_views(m.target);
END;
$$;
COMMENT ON FUNCTION reembed.enter_contract IS 'Enters phase contract: from here on only the new model is maintained.';
