CREATE OR REPLACE FUNCTION reembed.replace_view(p_target text, p_view name, p_model text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
AS $$
DECLARE
  t reembed.target;
  c pg_class;
  v reembed.vector_column;
  v_name text;
  v_view regclass;
  v_names jsonb;
  v_options text := 'security_invoker=true';
  v_columns text;
  v_statements text[] := '{}';
  v_statement text;
  v_definition text;
BEGIN
  SELECT * INTO STRICT t FROM reembed.target WHERE name = p_target;
  SELECT * INTO STRICT c FROM pg_class WHERE oid = t.relation;
  SELECT w.* INTO STRICT v FROM reembed.vector_column AS w WHERE w.target = t.name AND w.model = p_model;
  v_name := format('%I.%I', reembed.view_schema(t.name), p_view);
  v_view := to_regclass(v_name);
  v_names := reembed.role_names(v, v.role);
  SELECT string_agg(format('%s AS %I', CASE (e.entry ->> 'attnum')::integer
                                         WHEN 0 THEN format('%s::%s', v_names ->> 'found', v_names ->> 'type')
                                         WHEN -1 THEN format('%L::text', p_model)
                                         ELSE (SELECT format('t.%I', a.attname) FROM pg_attribute AS a WHERE a.attrelid = t.relation AND a.attnum = (e.entry ->> 'attnum')::smallint) END,
                           e.entry ->> 'name'), ', ' ORDER BY e.position)
    INTO v_columns
    FROM jsonb_array_elements(t.view_columns) WITH ORDINALITY AS e(entry, position);

  IF v_view IS NOT NULL THEN
    SELECT coalesce(array_to_string(w.reloptions, ', '), '') INTO v_options FROM pg_class AS w WHERE w.oid = v_view;
  ELSE
    -- Roles that may read the table may read it through the view.
    SELECT coalesce(array_agg(format('GRANT SELECT ON %s TO %s', v_name, CASE g.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(g.grantee)) END)), '{}')
      INTO v_statements
      FROM aclexplode(c.relacl) AS g
     WHERE g.privilege_type = 'SELECT' AND g.grantee <> c.relowner;
    IF pg_get_userbyid(c.relowner) <> current_user THEN
      v_statements := v_statements || format('ALTER VIEW %s OWNER TO %I', v_name, pg_get_userbyid(c.relowner));
    END IF;
  END IF;

  v_definition := reembed.render((SELECT p.body FROM reembed.template AS p WHERE p.name = 'live_view'), v_names || jsonb_build_object(
    'view', v_name,
    'options', CASE WHEN v_options <> '' THEN ' WITH (' || v_options || ')' ELSE '' END,
    'columns', v_columns,
    'comment', quote_literal(CASE WHEN p_view = t.live_view THEN format('pg-reembed: search here. Shows %s with the vectors of the model in reembed.setting.read_model.', t.relation)
                                  ELSE format('pg-reembed: shows %s with the vectors of %s, whichever model is live.', t.relation, p_model) END)));
  IF v_view IS NOT NULL THEN
    -- vector to halfvec: CREATE OR REPLACE VIEW cannot change a type.
    PERFORM reembed.remake_view(v_view, v_definition);
  ELSE
    EXECUTE v_definition;
  END IF;
  FOREACH v_statement IN ARRAY v_statements LOOP
    EXECUTE v_statement;
  END LOOP;
  PERFORM reembed.replace_nearest(t.name, p_view, p_model);
END;
$$;
COMMENT ON FUNCTION reembed.replace_view IS 'Creates or replaces one view of a target so that it reads one model; keeps grants, owner and options.';
