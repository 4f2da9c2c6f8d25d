-- Everything that names the columns of a table of the user's is made here, from the templates, with the names of this moment.
-- What touches the table then belongs to the table's owner, runs with the owner's rights and under the application's
-- search_path, and never with those of whoever installs or works; only the change log stays the installer's.
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
  PERFORM reembed.drop_compiled(p_target);
  PERFORM reembed.fit_change_log(p_target);
  FOR v_template IN SELECT * FROM reembed.rendered(p_target) LOOP
    EXECUTE v_template.body;
  END LOOP;
  PERFORM reembed.give_to_owner(p_target);
  PERFORM reembed.grant_compiled(p_target, v_functions, v_grantees);
END;
$$;
COMMENT ON FUNCTION reembed.compile_target IS 'Makes the objects of a target from the templates: how a row is read, written and captured.';
