CREATE OR REPLACE FUNCTION reembed.vector_schema() RETURNS name
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
RETURN (SELECT n.nspname FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace WHERE e.extname = 'vector');
COMMENT ON FUNCTION reembed.vector_schema IS 'Schema of the extension vector.';
