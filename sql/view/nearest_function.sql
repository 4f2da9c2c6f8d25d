-- By its settings, which survive a dump, and a target whose table was dropped.
CREATE OR REPLACE FUNCTION reembed.nearest_function(p_target text, p_view name DEFAULT NULL) RETURNS SETOF regprocedure
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT p.oid::regprocedure
    FROM pg_proc AS p
    JOIN pg_namespace AS n ON n.oid = p.pronamespace
   WHERE reembed.is_model_schema(n.nspname) AND 'reembed.target=' || p_target = ANY (p.proconfig)
     AND (p_view IS NULL OR 'reembed.view=' || p_view = ANY (p.proconfig))
$$;
COMMENT ON FUNCTION reembed.nearest_function IS 'The function that searches through a view of a target, or those of all its views.';
