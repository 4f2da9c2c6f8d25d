-- The owner counts: whoever may create schemas could make one of that name after ours was dropped, and change the views in it.
CREATE OR REPLACE FUNCTION reembed.is_model_schema(p_schema name) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
RETURN EXISTS (
  SELECT FROM pg_namespace AS n JOIN reembed.model_schema AS m ON m.name = n.nspname
   WHERE n.nspname = p_schema AND n.nspowner = (SELECT r.nspowner FROM pg_namespace AS r WHERE r.nspname = 'reembed')
);
COMMENT ON FUNCTION reembed.is_model_schema IS 'Whether a schema was created by make_model_schema().';
