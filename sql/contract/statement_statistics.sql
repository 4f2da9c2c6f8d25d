-- Found by the extension it belongs to, so that a view of the same name is not read. The text of others' statements is shown to some roles only.
CREATE OR REPLACE FUNCTION reembed.statement_statistics() RETURNS regclass
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_view regclass;
BEGIN
  SELECT c.oid::regclass INTO v_view
    FROM pg_extension AS e
    JOIN pg_depend AS d ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid AND d.classid = 'pg_class'::regclass AND d.deptype = 'e'
    JOIN pg_class AS c ON c.oid = d.objid
   WHERE e.extname = 'pg_stat_statements' AND c.relname = 'pg_stat_statements' AND pg_has_role('pg_read_all_stats', 'USAGE') AND has_table_privilege(c.oid, 'SELECT');
  IF v_view IS NOT NULL THEN
    EXECUTE reembed.render('SELECT FROM {view} AS s WHERE s.toplevel LIMIT 1', jsonb_build_object('view', v_view::text));
  END IF;
  RETURN v_view;
EXCEPTION WHEN object_not_in_prerequisite_state OR undefined_column OR insufficient_privilege THEN
  -- The library is not loaded, or the extension was never updated.
  RETURN NULL;
END;
$$;
COMMENT ON FUNCTION reembed.statement_statistics IS 'The view of pg_stat_statements, where the present role can read all statements in it; otherwise null.';
