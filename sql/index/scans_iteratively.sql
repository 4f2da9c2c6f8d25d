-- The settings of pgvector are known once its library is loaded.
CREATE OR REPLACE FUNCTION reembed.scans_iteratively() RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  EXECUTE reembed.render('SELECT {schema}.vector_dims({vector}::{schema}.vector)', jsonb_build_object('schema', quote_ident(reembed.vector_schema()), 'vector', quote_literal('[1]')));
  RETURN EXISTS (SELECT FROM pg_settings AS s WHERE s.name = 'hnsw.iterative_scan');
END;
$$;
COMMENT ON FUNCTION reembed.scans_iteratively IS 'Whether this version of pgvector continues an index scan until enough rows pass a filter.';
