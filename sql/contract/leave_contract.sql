CREATE OR REPLACE FUNCTION reembed.leave_contract(p_name text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '1s'
AS $$
DECLARE
  m reembed.migration;
BEGIN
  PERFORM reembed.leave_phase(p_name, 'contract');
  SELECT * INTO STRICT m FROM reembed.migration WHERE name = p_name;
  PERFORM reembed.install_capture(m.target);
  PERFORM reembed.replace_views(m.target);
END;
$$;
COMMENT ON FUNCTION reembed.leave_contract IS 'Leaves phase contract once the old column is there again, still empty.';
