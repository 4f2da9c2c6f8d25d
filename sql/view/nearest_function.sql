CREATE OR REPLACE FUNCTION reembed.nearest_function(p_target text, p_view name DEFAULT NULL) RETURNS SETOF regprocedure
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT p.oid::regprocedure
    FROM reembed.search_function AS f
    JOIN pg_namespace AS n ON n.nspname = f.schema
    JOIN pg_proc AS p ON p.pronamespace = n.oid AND p.proname = f.name
   WHERE f.target = p_target AND f.view IS NOT NULL AND (p_view IS NULL OR f.view = p_view) AND reembed.is_model_schema(n.nspname)
$$;
COMMENT ON FUNCTION reembed.nearest_function IS 'The function that searches through a view of a target, or those of all its views.';
