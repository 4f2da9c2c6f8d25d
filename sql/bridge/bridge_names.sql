-- Both models are searched through their views, so that grants and row level security apply as in any other search. The index on the new vectors is looked up
-- by the search itself, because it may be built or dropped at any time. That of a partitioned table is on its leaves and joins in only after the switch.
CREATE OR REPLACE FUNCTION reembed.bridge_names(p_campaign text, p_parameters jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  m reembed.campaign;
  t reembed.target;
  b reembed.bridge;
  v_old reembed.vector_column;
  v_new reembed.vector_column;
  v_keys record;
  v_names jsonb;
  v_view_schema name;
  v_vector text;
  v_columns text;
BEGIN
  SELECT * INTO STRICT m FROM reembed.campaign WHERE name = p_campaign;
  SELECT * INTO STRICT t FROM reembed.target WHERE name = m.target;
  SELECT * INTO STRICT b FROM reembed.bridge WHERE campaign = p_campaign;
  SELECT * INTO STRICT v_old FROM reembed.vector_column AS v WHERE v.campaign = p_campaign AND v.role = 'old';
  SELECT * INTO STRICT v_new FROM reembed.vector_column AS v WHERE v.campaign = p_campaign AND v.role = 'new';
  v_view_schema := reembed.view_schema(t.name);
  v_vector := format('d.%I', t.column_name);
  SELECT string_agg(format('%I %s', CASE WHEN w.name IN ('old_space_vector', 'new_vector', 'k', 'candidates', 'is_mapped', 'distance', 'has_new_vector') THEN w.name || '_key' ELSE w.name END, k.names ->> 'type'), ', ' ORDER BY k.n) AS results,
         string_agg(format('d.%I AS key_%s', w.name, k.n), ', ' ORDER BY k.n) AS of_view,
         string_agg(format('c.key_%s', k.n), ', ' ORDER BY k.n) AS of_candidates,
         string_agg(format('n.key_%s', k.n), ', ' ORDER BY k.n) AS of_nearest,
         string_agg(format('d.%I OPERATOR(%s) c.key_%s', w.name, k.names ->> 'operator', k.n), ' AND ' ORDER BY k.n) AS d_is_c,
         string_agg(format('d.%I OPERATOR(%s) n.key_%s', w.name, k.names ->> 'operator', k.n), ' AND ' ORDER BY k.n) AS d_is_n,
         -- As text: JavaScript reads numbers above 2^53 as others. Qualified, because the statement runs under the application's search_path.
         string_agg(format('%s, ', k.names ->> 'label') || format(CASE WHEN k.names ->> 'open' = '' THEN 'pg_catalog.format(''%%s'', n.key_%s)' ELSE 'reembed.key_text(n.key_%s)' END, k.n), ', ' ORDER BY k.n) AS json
    INTO STRICT v_keys
    FROM reembed.key_names(t.name) AS k
   CROSS JOIN LATERAL (SELECT e.entry ->> 'name' AS name FROM jsonb_array_elements(t.view_columns) AS e(entry) WHERE (e.entry ->> 'attnum')::smallint = t.key_attnums[k.n]) AS w;
  SELECT jsonb_object_agg(w.role || '_' || n.key, n.value) INTO v_names
    FROM (VALUES ('old', reembed.role_names(v_old, 'old'), p_parameters ->> 'old_space_vector'), ('new', reembed.role_names(v_new, 'new'), p_parameters ->> 'new_vector')) AS w(role, names, parameter)
   CROSS JOIN LATERAL (SELECT format('%s::%s', w.parameter, w.names ->> 'type') AS query) AS q
   CROSS JOIN LATERAL jsonb_each_text(jsonb_build_object(
     'model_name', w.names ->> 'model_name',
     'distance', w.names ->> 'distance',
     'dimensions', w.names ->> 'dimensions',
     'type', w.names ->> 'type',
     'query', q.query,
     'indexed', reembed.index_key(w.names ->> 'form', v_vector, w.names ->> 'type', (w.names ->> 'form_dimensions')::integer),
     'indexed_distance', w.names ->> 'indexed_distance',
     'indexed_query', reembed.index_key(w.names ->> 'form', format('(%s)', q.query), w.names ->> 'type', (w.names ->> 'form_dimensions')::integer),
     'form', w.names ->> 'form')) AS n;
  SELECT string_agg(CASE (e.entry ->> 'attnum')::integer WHEN 0 THEN format('d.%1$I::%2$s AS %1$I', e.entry ->> 'name', v_names ->> 'old_type') ELSE format('d.%I', e.entry ->> 'name') END, ', ' ORDER BY e.position)
    INTO v_columns FROM jsonb_array_elements(t.view_columns) WITH ORDINALITY AS e(entry, position);
  RETURN p_parameters || v_names || jsonb_build_object(
    'function', format('%I.%I', reembed.model_schema_name(v_view_schema, NULL), reembed.search_function_name('bridge', t.live_view)),
    'old_view', format('%I.%I', v_view_schema, reembed.model_view_name(t.name, m.from_model)),
    'new_view', format('%I.%I', v_view_schema, reembed.model_view_name(t.name, m.to_model)),
    'vector', quote_ident(t.column_name),
    'vector_type', format('%I.vector', reembed.vector_schema()),
    'vector_schema', quote_ident(reembed.vector_schema()),
    'key_results', v_keys.results,
    'd_keys', v_keys.of_view,
    'c_keys', v_keys.of_candidates,
    'n_keys', v_keys.of_nearest,
    'd_is_c', v_keys.d_is_c,
    -- The view of a side table has no rows without a vector, so each row is read from the view of the model that ranked it.
    'found_row', CASE v_old.storage WHEN 'column' THEN format('%I.%I AS d ON %s', v_view_schema, reembed.model_view_name(t.name, m.from_model), v_keys.d_is_n)
                 ELSE (SELECT format('LATERAL (%s) AS d ON true', string_agg(format('SELECT %s FROM %I.%I AS d WHERE %s AND %s', v_columns, v_view_schema, reembed.model_view_name(t.name, o.model), o.condition, v_keys.d_is_n), ' UNION ALL '))
                         FROM (VALUES (m.from_model, 'NOT n.has_new_vector'), (m.to_model, 'n.has_new_vector')) AS o(model, condition)) END,
    'n_key_json', v_keys.json,
    'mapped_prediction', format('(%L::double precision + %L::double precision * c.distance)', b.mapped_intercept, b.mapped_slope),
    'old_prediction', format('(%L::double precision + %L::double precision * c.distance)', b.old_intercept, b.old_slope),
    'is_calibrated', b.old_slope IS NOT NULL,
    -- The distance is computed for every candidate, so no more are taken from an index that holds the vectors themselves than can be results.
    'new_candidates', CASE v_names ->> 'new_form' WHEN 'plain' THEN p_parameters ->> 'k' ELSE format('greatest(%s, %s)', p_parameters ->> 'k', p_parameters ->> 'candidates') END,
    -- Each partition examines its share of the candidates.
    'old_settings', reembed.bridge_settings(format('greatest(%s, %s)', p_parameters ->> 'k',
      CASE WHEN reembed.is_partitioned(t.relation) THEN format('(%1$s + %2$s - 1) / %2$s', p_parameters ->> 'candidates', (SELECT greatest(count(*), 1) FROM reembed.leaves(t.relation))) ELSE p_parameters ->> 'candidates' END)),
    -- The new index finds what is near by the new vectors themselves, so fewer candidates lose nothing; 40 is pgvector's default. An index of parts of vectors,
    -- and a filter without iterative scans, need all of them.
    'new_settings', reembed.bridge_settings(CASE WHEN v_names ->> 'new_form' = 'plain' AND reembed.scans_iteratively() THEN format('greatest(%s, 40, %s * 3 / 5)', p_parameters ->> 'k', p_parameters ->> 'candidates')
                                                 ELSE format('greatest(%s, %s)', p_parameters ->> 'k', p_parameters ->> 'candidates') END),
    'index_is_valid', CASE WHEN reembed.main_index(p_campaign) IS NULL OR reembed.is_partitioned(t.relation) THEN 'false' ELSE (
      SELECT format('EXISTS (SELECT FROM pg_catalog.pg_index AS i JOIN pg_catalog.pg_class AS x ON x.oid = i.indexrelid JOIN pg_catalog.pg_namespace AS y ON y.oid = x.relnamespace WHERE y.nspname = %L AND x.relname = %L AND i.indisvalid)', n.nspname, reembed.main_index(p_campaign))
        FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = v_new.relation) END);
END;
$$;
COMMENT ON FUNCTION reembed.bridge_names IS 'Values of the placeholders of the search over the bridge of a campaign. p_parameters: how the search names its parameters, that is old_space_vector, new_vector, k and candidates.';
