-- It belongs to the installer and runs with the rights of the caller, who needs those on the views of both models.
CREATE OR REPLACE FUNCTION reembed.replace_bridge(p_campaign text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
SET client_min_messages = warning
AS $$
DECLARE
  m reembed.campaign;
  t reembed.target;
  v_names jsonb;
  v_function text;
BEGIN
  SELECT g.* INTO m FROM reembed.campaign AS g JOIN reembed.bridge AS b ON b.campaign = g.name WHERE g.name = p_campaign;
  SELECT * INTO t FROM reembed.target WHERE name = m.target;
  IF m.name IS NULL
     OR (SELECT count(*) FROM reembed.vector_column AS v WHERE v.campaign = p_campaign AND v.column_name IS NOT NULL) <> 2 THEN
    PERFORM reembed.drop_bridge(p_campaign);
    RETURN;
  END IF;
  v_names := reembed.bridge_names(p_campaign, '{"old_space_vector": "$1", "new_vector": "$2", "k": "$3", "candidates": "$4"}');
  v_names := v_names || jsonb_build_object(
    'filter', '',
    'has_new_index', 'v_has_new_index',
    'predicted', format('CASE WHEN $5 THEN %s ELSE %s END', v_names ->> 'mapped_prediction', v_names ->> 'old_prediction'),
    'iterative_scan', CASE WHEN reembed.scans_iteratively() THEN ' SET hnsw.iterative_scan = relaxed_order' ELSE '' END);
  v_names := v_names || jsonb_build_object('candidates_sql', rtrim(reembed.render((SELECT p.body FROM reembed.template AS p WHERE p.name = 'bridge_candidates'), v_names), E'\n'));
  PERFORM reembed.make_model_schema(reembed.model_schema_name(reembed.view_schema(t.name), NULL));
  BEGIN
    EXECUTE reembed.render((SELECT p.body FROM reembed.template AS p WHERE p.name = 'bridge'), v_names);
  EXCEPTION WHEN invalid_function_definition THEN
    -- The type of the key has changed.
    PERFORM reembed.drop_bridge(p_campaign);
    EXECUTE reembed.render((SELECT p.body FROM reembed.template AS p WHERE p.name = 'bridge'), v_names);
  END;
  INSERT INTO reembed.search_function (schema, name, target, campaign)
  VALUES (reembed.model_schema_name(reembed.view_schema(t.name), NULL), reembed.search_function_name('bridge', t.live_view), t.name, p_campaign)
  ON CONFLICT (schema, name) DO UPDATE SET target = excluded.target, campaign = excluded.campaign, view = NULL;
  v_function := format('%s(%s, %s, integer, integer, boolean)', v_names ->> 'function', v_names ->> 'vector_type', v_names ->> 'vector_type');
  EXECUTE reembed.render('ALTER FUNCTION {function} OWNER TO {installer}; COMMENT ON FUNCTION {function} IS {comment}', jsonb_build_object(
    'function', v_function,
    'installer', (SELECT quote_ident(pg_get_userbyid(n.nspowner)) FROM pg_namespace AS n WHERE n.nspname = 'reembed'),
    'comment', quote_literal(format('pg-reembed: searches %s while its backfill runs. Returns keys of the k nearest rows: candidates rows are recalled from the index on the old vectors by old_space_vector, and ranked by new_vector where a row has a new vector, otherwise by the distance that its old vector predicts. is_mapped: whether old_space_vector is new_vector mapped into the old space, or the query embedded by the old model.', t.relation))));
END;
$$;
COMMENT ON FUNCTION reembed.replace_bridge IS 'Creates or replaces the function that searches over the bridge of a campaign; drops it where there is no map.';
