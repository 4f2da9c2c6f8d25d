-- It belongs to the installer and runs with the rights of the caller, who needs those on the view. It is there for every model once an index of the target
-- holds less than the vectors, or each partition has one, so that an application can call it before the switch.
CREATE OR REPLACE FUNCTION reembed.replace_nearest(p_target text, p_view name, p_model text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
SET client_min_messages = warning
AS $$
DECLARE
  t reembed.target;
  v reembed.vector_column;
  v_names jsonb;
  v_keys record;
  v_query text;
  v_schema name;
  v_leaves integer;
BEGIN
  IF NOT EXISTS (SELECT FROM reembed.campaign AS m WHERE m.target = p_target AND reembed.asks_for_candidates(m.name)) THEN
    PERFORM reembed.drop_nearest(p_target, p_view);
    RETURN;
  END IF;
  v_schema := reembed.model_schema_name(reembed.view_schema(p_target), NULL);
  SELECT * INTO STRICT t FROM reembed.target WHERE name = p_target;
  SELECT w.* INTO STRICT v FROM reembed.vector_column AS w WHERE w.target = t.name AND w.model = p_model;
  v_names := reembed.role_names(v, v.role);
  v_leaves := CASE WHEN reembed.is_partitioned(v.relation) THEN (SELECT count(*) FROM reembed.leaves(v.relation)) ELSE 0 END;
  SELECT string_agg(format('%I %s', CASE WHEN k.name IN ('query', 'k', 'candidates', 'model', 'distance') THEN k.name || '_key' ELSE k.name END, k.type), ', ' ORDER BY k.position) AS results,
         string_agg(format('v.%I AS key_%s', k.name, k.position), ', ' ORDER BY k.position) AS of_view,
         string_agg(format('n.key_%s', k.position), ', ' ORDER BY k.position) AS of_candidates
    INTO v_keys
    FROM (SELECT w.position, format_type(a.atttypid, NULL) AS type, (SELECT e.entry ->> 'name' FROM jsonb_array_elements(t.view_columns) AS e(entry) WHERE (e.entry ->> 'attnum')::smallint = w.attnum) AS name
            FROM unnest(t.key_attnums) WITH ORDINALITY AS w(attnum, position)
            JOIN pg_attribute AS a ON a.attrelid = t.relation AND a.attnum = w.attnum) AS k;
  v_query := format('(reembed.query_vector(v.%I, %s, $1)::%s)', t.live_model_column, v_names ->> 'model_name', v_names ->> 'type');
  v_names := v_names || jsonb_build_object(
    'function', format('%I.%I', v_schema, reembed.search_function_name('nearest', p_view)),
    'view', format('%I.%I', reembed.view_schema(t.name), p_view),
    'view_model', quote_ident(t.live_model_column),
    'view_vector', quote_ident(t.column_name),
    'vector_type', format('%I.vector', reembed.vector_schema()),
    'vector_schema', quote_ident(reembed.vector_schema()),
    'key_results', v_keys.results,
    'view_keys', v_keys.of_view,
    'n_keys', v_keys.of_candidates,
    'leaf_settings', CASE WHEN v_leaves > 0 THEN ' SET hnsw.ef_search = 40' ELSE '' END,
    'share_candidates', CASE WHEN v_leaves > 0 THEN format(E'\n  PERFORM set_config(''hnsw.ef_search'', least(greatest($2, ceil($3 / %s.0), 1), 1000)::text, true);', v_leaves) ELSE '' END,
    'iterative_scan', CASE WHEN reembed.scans_iteratively() THEN ' SET hnsw.iterative_scan = relaxed_order' ELSE '' END,
    'indexed_view', reembed.index_key(v_names ->> 'form', format('v.%I', t.column_name), v_names ->> 'type', (v_names ->> 'form_dimensions')::integer),
    'indexed_view_query', reembed.index_key(v_names ->> 'form', v_query, v_names ->> 'type', (v_names ->> 'form_dimensions')::integer));
  v_names := v_names || jsonb_build_object('check_query', reembed.render((SELECT p.body FROM reembed.template AS p WHERE p.name = 'nearest_check'), v_names));
  PERFORM reembed.make_model_schema(v_schema);
  EXECUTE reembed.render((SELECT p.body FROM reembed.template AS p WHERE p.name = CASE v_names ->> 'form' WHEN 'plain' THEN 'nearest_plain' ELSE 'nearest_candidates' END), v_names);
  INSERT INTO reembed.search_function (schema, name, target, view) VALUES (v_schema, reembed.search_function_name('nearest', p_view), p_target, p_view)
  ON CONFLICT (schema, name) DO UPDATE SET target = excluded.target, view = excluded.view, campaign = NULL;
  v_names := jsonb_build_object(
    'function', format('%s(%s, integer, integer, text)', v_names ->> 'function', v_names ->> 'vector_type'),
    'installer', (SELECT quote_ident(pg_get_userbyid(n.nspowner)) FROM pg_namespace AS n WHERE n.nspname = 'reembed'),
    'comment', quote_literal(format('pg-reembed: keys of the k rows of %s nearest to a query, with their distances. Join the view by the key. candidates: rows that the index returns, to be ranked by the exact distance.', v_names ->> 'view')));
  EXECUTE reembed.render('ALTER FUNCTION {function} OWNER TO {installer}', v_names);
  EXECUTE reembed.render('COMMENT ON FUNCTION {function} IS {comment}', v_names);
END;
$$;
COMMENT ON FUNCTION reembed.replace_nearest IS 'Creates or replaces the function that searches through a view of a target, where an index holds less than the vectors, or each partition has one.';
