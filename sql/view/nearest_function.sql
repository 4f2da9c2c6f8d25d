-- By its comment, which survives a dump, and a target whose table was dropped. A setting of our own would do, but only superusers may give one to a function.
CREATE OR REPLACE FUNCTION reembed.nearest_function(p_target text, p_view name DEFAULT NULL) RETURNS SETOF regprocedure
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT p.oid::regprocedure
    FROM pg_proc AS p
    JOIN pg_namespace AS n ON n.oid = p.pronamespace
   WHERE reembed.is_model_schema(n.nspname) AND starts_with(p.proname, 'nearest_')
     AND CASE WHEN p_view IS NULL THEN position(' Target: ' || p_target || '. View: ' IN obj_description(p.oid, 'pg_proc')) > 0
              ELSE right(obj_description(p.oid, 'pg_proc'), length(p_target) + length(p_view) + 18) = ' Target: ' || p_target || '. View: ' || p_view || '.' END
$$;
COMMENT ON FUNCTION reembed.nearest_function IS 'The function that searches through a view of a target, or those of all its views.';
