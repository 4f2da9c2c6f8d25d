CREATE OR REPLACE FUNCTION reembed.view_sources(p_view regclass) RETURNS TABLE (relation oid, attnum integer)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT DISTINCT d.refobjid, d.refobjsubid
    FROM pg_rewrite AS r JOIN pg_depend AS d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid AND d.refclassid = 'pg_class'::regclass
   WHERE r.ev_class = p_view;
$$;
COMMENT ON FUNCTION reembed.view_sources IS 'The columns that a view reads, as PostgreSQL records its dependencies.';
