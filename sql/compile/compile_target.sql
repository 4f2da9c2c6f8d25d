-- Creates from the templates every object that names columns of a user's table, with their present names. Objects that access the table belong to the table's
-- owner and run with the owner's rights and the application's search_path, never with the rights of the installer or a worker. Only the change log belongs to
-- the installer.
CREATE OR REPLACE FUNCTION reembed.compile_target(p_target text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
SET client_min_messages = warning
AS $$
DECLARE
  v_template record;
  v_functions name[];
  v_grantees oid[];
BEGIN
  SELECT array_agg(g.function_name), array_agg(g.grantee) INTO v_functions, v_grantees FROM reembed.compiled_grants(p_target) AS g;
  PERFORM reembed.follow_owner(p_target);
  PERFORM reembed.drop_compiled(p_target);
  PERFORM reembed.fit_change_log(p_target);
  FOR v_template IN SELECT * FROM reembed.rendered(p_target) LOOP
    EXECUTE v_template.body;
  END LOOP;
  PERFORM reembed.give_to_owner(p_target);
  PERFORM reembed.grant_compiled(p_target, v_functions, v_grantees);
END;
$$;
COMMENT ON FUNCTION reembed.compile_target IS 'Creates the objects of a target from the templates: how a row is read, written and captured.';
