-- An object of the user's that depends on the function must hold up neither a switch nor contract. The function then stays under another name, where nothing of
-- ours finds it, and fails when it is called.
CREATE OR REPLACE FUNCTION reembed.drop_search_function(p_function regprocedure) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
AS $$
DECLARE
  v_names jsonb;
  v_schema name;
  v_name name;
BEGIN
  SELECT jsonb_build_object('function', p_function::text, 'former', quote_ident(left(p.proname, 40) || '_until_' || to_char(clock_timestamp(), 'YYYYMMDD_HH24MISS_US'))), n.nspname, p.proname
    INTO STRICT v_names, v_schema, v_name FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace WHERE p.oid = p_function;
  EXECUTE reembed.render('DROP FUNCTION {function}', v_names);
  DELETE FROM reembed.search_function WHERE schema = v_schema AND name = v_name;
EXCEPTION WHEN dependent_objects_still_exist THEN
  RAISE WARNING 'objects that depend on % fail from now on', p_function USING HINT = reembed.render('Change them, then drop function {former}.', v_names);
  EXECUTE reembed.render('COMMENT ON FUNCTION {function} IS NULL; ALTER FUNCTION {function} RENAME TO {former}', v_names);
  DELETE FROM reembed.search_function WHERE schema = v_schema AND name = v_name;
END;
$$;
COMMENT ON FUNCTION reembed.drop_search_function IS 'Drops a function that an application searches with; renames it where objects of the user depend on it.';
