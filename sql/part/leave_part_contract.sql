CREATE OR REPLACE FUNCTION reembed.leave_part_contract(p_name text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
AS $$
DECLARE
  v_archive name;
BEGIN
  PERFORM reembed.end_moving(p_name, true);
  SELECT m.archive INTO STRICT v_archive FROM reembed.campaign AS m WHERE m.name = p_name;
  -- Rows written since contract have no old vector; the workers embed them where the old model can still be called.
  UPDATE reembed.campaign SET archive = NULL, needs_old_sweep = true WHERE name = p_name;
  PERFORM reembed.leave_contract(p_name);
  EXECUTE reembed.render('DROP TABLE reembed.{archive}', jsonb_build_object('archive', quote_ident(v_archive)));
END;
$$;
COMMENT ON FUNCTION reembed.leave_part_contract IS 'Leaves phase contract of a part, when its column has the old vectors again.';
