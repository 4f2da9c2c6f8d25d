CREATE OR REPLACE FUNCTION reembed.drop_nearest(p_target text, p_view name DEFAULT NULL) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
AS $$
DECLARE
  v_function regprocedure;
BEGIN
  FOR v_function IN SELECT f.oid FROM reembed.nearest_function(p_target, p_view) AS f(oid) LOOP
    PERFORM reembed.drop_search_function(v_function);
  END LOOP;
END;
$$;
COMMENT ON FUNCTION reembed.drop_nearest IS 'Drops the function that searches through a view of a target, or those of all its views.';
