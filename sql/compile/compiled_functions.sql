CREATE OR REPLACE FUNCTION reembed.compiled_functions(p_target text) RETURNS SETOF pg_catalog.pg_proc
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT p.*
    FROM reembed.target AS t JOIN pg_proc AS p ON p.pronamespace = 'reembed'::regnamespace AND p.proname LIKE '%\_' || t.suffix
   WHERE t.name = p_target;
$$;
COMMENT ON FUNCTION reembed.compiled_functions IS 'The functions that are compiled for a target.';
