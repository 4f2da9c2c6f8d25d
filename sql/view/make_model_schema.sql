-- Every role may look names up in it: PostgreSQL would skip it in the search_path of a role that may not, which would read the table without an error. The
-- views have the privileges of their tables.
CREATE OR REPLACE FUNCTION reembed.make_model_schema(p_schema name) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF reembed.is_model_schema(p_schema) THEN
    RETURN;
  ELSIF to_regnamespace(quote_ident(p_schema)) IS NOT NULL THEN
    RAISE EXCEPTION 'schema % exists and was not created by pg-reembed', p_schema
      USING ERRCODE = 'RE005', HINT = 'Rename that schema, or give the model another name with --to-name.';
  END IF;
  EXECUTE reembed.render('CREATE SCHEMA {schema} AUTHORIZATION {installer};
                          COMMENT ON SCHEMA {schema} IS ''pg-reembed: views with the names of the tables, for a search_path.'';
                          GRANT USAGE ON SCHEMA {schema} TO PUBLIC',
    jsonb_build_object('schema', quote_ident(p_schema),
                       'installer', (SELECT quote_ident(pg_get_userbyid(n.nspowner)) FROM pg_namespace AS n WHERE n.nspname = 'reembed')));
  INSERT INTO reembed.model_schema (name) VALUES (p_schema) ON CONFLICT DO NOTHING;
END;
$$;
COMMENT ON FUNCTION reembed.make_model_schema IS 'Creates a schema for views with the names of tables, in which only the installer can create.';
