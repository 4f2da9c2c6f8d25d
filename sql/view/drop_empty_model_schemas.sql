CREATE OR REPLACE FUNCTION reembed.drop_empty_model_schemas() RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_schema name;
BEGIN
  FOR v_schema IN
    SELECT n.nspname FROM pg_namespace AS n
     WHERE reembed.is_model_schema(n.nspname) AND NOT EXISTS (SELECT FROM reembed.schema_view AS w WHERE w.schema = n.nspname)
       AND NOT EXISTS (SELECT FROM pg_class AS c WHERE c.relnamespace = n.oid) AND NOT EXISTS (SELECT FROM pg_proc AS p WHERE p.pronamespace = n.oid)
  LOOP
    EXECUTE reembed.render('DROP SCHEMA {schema}', jsonb_build_object('schema', quote_ident(v_schema)));
    DELETE FROM reembed.model_schema WHERE name = v_schema;
  END LOOP;
END;
$$;
COMMENT ON FUNCTION reembed.drop_empty_model_schemas IS 'Drops the schemas of views in which nothing is left.';
