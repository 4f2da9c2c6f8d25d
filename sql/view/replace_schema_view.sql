CREATE OR REPLACE FUNCTION reembed.replace_schema_view(p_relation regclass, p_schema name, p_model text, p_name name, p_definition text, p_present regclass) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
SET client_min_messages = warning
AS $$
DECLARE
  v_view constant text := format('%I.%I', p_schema, p_name);
BEGIN
  IF p_present IS NOT NULL THEN
    PERFORM reembed.remake_view(p_present, p_definition);
  ELSE
    PERFORM reembed.make_model_schema(p_schema);
    IF to_regclass(v_view) IS NOT NULL THEN
      RAISE EXCEPTION 'view % cannot be created because its name is taken', v_view
        USING ERRCODE = 'RE005', HINT = 'Rename or drop the object with this name, or give the model another name with --to-name.';
    END IF;
    EXECUTE p_definition;
    PERFORM reembed.give_view(v_view::regclass, (SELECT pg_get_userbyid(c.relowner) FROM pg_class AS c WHERE c.oid = p_relation));
  END IF;
  INSERT INTO reembed.schema_view (schema, relation, model, view, definition) VALUES (p_schema, p_relation, p_model, v_view::regclass, p_definition)
  ON CONFLICT (schema, relation) DO UPDATE SET model = excluded.model, view = excluded.view, definition = excluded.definition;
END;
$$;
COMMENT ON FUNCTION reembed.replace_schema_view IS 'Creates or replaces one view with a table''s own name, and records its definition.';
