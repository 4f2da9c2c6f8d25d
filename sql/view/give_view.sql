CREATE OR REPLACE FUNCTION reembed.give_view(p_view regclass, p_owner name) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_names jsonb;
  v_schema oid;
  v_may_create boolean;
BEGIN
  SELECT jsonb_build_object('view', p_view::text, 'schema', quote_ident(n.nspname), 'owner', quote_ident(p_owner)), n.oid INTO STRICT v_names, v_schema
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = p_view AND pg_get_userbyid(c.relowner) <> p_owner;
  v_may_create := has_schema_privilege(p_owner, v_schema, 'CREATE');
  -- A new owner must be able to create in the schema; only until the end of this function.
  IF NOT v_may_create THEN
    EXECUTE reembed.render('GRANT CREATE ON SCHEMA {schema} TO {owner}', v_names);
  END IF;
  EXECUTE reembed.render('ALTER VIEW {view} OWNER TO {owner}', v_names);
  IF NOT v_may_create THEN
    EXECUTE reembed.render('REVOKE CREATE ON SCHEMA {schema} FROM {owner}', v_names);
  END IF;
EXCEPTION WHEN no_data_found THEN
  -- It belongs to that role already.
  RETURN;
END;
$$;
COMMENT ON FUNCTION reembed.give_view IS 'Transfers a view to the owner of its table, who cannot create in the schema of the view.';
