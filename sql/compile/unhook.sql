-- For DDL that PostgreSQL refuses because of these objects; call it in one transaction with that DDL and rehook().
CREATE OR REPLACE FUNCTION reembed.unhook(p_target text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
AS $$
DECLARE
  t reembed.target;
  v_view record;
  v_kept jsonb := '{}';
  v_schema name;
BEGIN
  SELECT * INTO STRICT t FROM reembed.target WHERE name = reembed.resolve_target(p_target);
  IF t.unhooked IS NOT NULL THEN
    RETURN;
  END IF;
  v_schema := reembed.view_schema(t.name);
  FOR v_view IN
    SELECT c.oid::regclass AS view, c.relname AS name, coalesce(array_to_string(c.reloptions, ', '), '') AS options, pg_get_userbyid(c.relowner) AS owner
      FROM pg_class AS c
      JOIN pg_namespace AS n ON n.oid = c.relnamespace AND n.nspname = v_schema
     WHERE c.relkind = 'v' AND c.relname IN (SELECT t.live_view UNION SELECT reembed.model_view_name(t.name, v.model) FROM reembed.vector_column AS v WHERE v.target = t.name)
  LOOP
    v_kept := v_kept || jsonb_build_object(v_view.name, jsonb_build_object('options', v_view.options, 'owner', v_view.owner, 'grants', reembed.view_grants(v_view.view)));
    PERFORM reembed.drop_view(t.name, v_view.name);
  END LOOP;
  PERFORM reembed.drop_compiled(t.name);
  UPDATE reembed.target SET unhooked = jsonb_build_object('views', v_kept, 'schema', v_schema, 'transaction', txid_current()) WHERE name = t.name;
  PERFORM reembed.replace_schema_views(t.relation);
  PERFORM reembed.replace_change_view();
END;
$$;
COMMENT ON FUNCTION reembed.unhook IS 'Drops triggers, views and functions of a target, so that they do not block DDL; rehook() restores them.';
