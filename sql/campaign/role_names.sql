CREATE OR REPLACE FUNCTION reembed.role_names(v reembed.vector_column, p_role text) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  t reembed.target;
  o reembed.model;
  a pg_attribute;
  v_type text;
  f record;
  v_candidates integer;
  v_names jsonb;
BEGIN
  IF v.column_name IS NULL THEN
    v_names := jsonb_build_object('vector', format('NULL::%I.vector', reembed.vector_schema()),
                                  'model', 'NULL::text', 'hash', 'NULL::bigint', 'lacks', 'false', 'lost', 'false', 'lacks_now', 'false',
                                  'outdated', 'false', 'lacks_row', 'false', 'kept', 'false');
  ELSE
    SELECT * INTO STRICT t FROM reembed.target WHERE name = v.target;
    SELECT * INTO STRICT o FROM reembed.model WHERE name = v.model;
    SELECT * INTO STRICT a FROM pg_attribute WHERE attrelid = v.relation AND attnum = v.attnum;
    v_type := format_type(a.atttypid, NULL);
    f := reembed.index_form(v.target, v.model);
    SELECT s.candidates INTO STRICT v_candidates FROM reembed.setting AS s WHERE s.target = v.target;
    v_names := jsonb_build_object(
      'type', v_type,
      'model_name', quote_literal(v.model),
      'dimensions', o.dimensions,
      'norm', (SELECT format('%I.%I', n.nspname, e.norm_function) FROM pg_type AS y JOIN pg_namespace AS n ON n.oid = y.typnamespace JOIN reembed.element_type AS e ON e.name = y.typname WHERE y.oid = a.atttypid),
      'send', (SELECT p.typsend::text FROM pg_type AS p WHERE p.oid = a.atttypid),
      'distance', (SELECT format('OPERATOR(%I.%s)', n.nspname, CASE o.distance WHEN 'l2' THEN '<->' WHEN 'inner_product' THEN '<#>' ELSE '<=>' END)
                     FROM pg_type AS y JOIN pg_namespace AS n ON n.oid = y.typnamespace WHERE y.oid = a.atttypid),
      'relation', v.relation::text,
      'relation_literal', quote_literal(v.relation::text),
      'f_is_w', reembed.each_key(t.name, 'f.key_{n} OPERATOR({operator}) w.key_{n}', ' AND '),
      'column', quote_ident(v.column_name),
      -- The constraint of check_not_null() counts like NOT NULL.
      'stored', CASE WHEN v.storage = 'column' AND (a.attnotnull OR EXISTS (SELECT FROM pg_constraint AS k WHERE k.conrelid = v.relation AND k.conname = 'reembed_not_null_' || t.suffix AND k.conkey = ARRAY[v.attnum])) THEN format('coalesce(v.vector, u.%s_vector)', p_role) ELSE 'v.vector' END,
      'set_model', CASE WHEN v.version_column IS NULL THEN '' ELSE format(', %s_model = CASE WHEN v.vector IS NOT NULL THEN p_model END', p_role) END)
      || reembed.storage_names(v, p_role, t.suffix);
    -- A search reads candidates from the index and ranks them by the exact distance; where the index holds the vectors themselves, the candidates are the results.
    v_names := v_names || jsonb_build_object(
      'form', f.form,
      'form_dimensions', f.dimensions,
      'candidates', v_candidates,
      'candidate_rows', CASE f.form WHEN 'plain' THEN 10 ELSE v_candidates END,
      'candidate_settings', CASE f.form WHEN 'plain' THEN '' ELSE format('SET hnsw.ef_search = %s', v_candidates) END,
      'indexed_column', reembed.index_key(f.form, CASE f.form WHEN 'plain' THEN format('s.%s', v_names ->> 'column') ELSE format('(s.%s)::%s', v_names ->> 'column', v_type) END, v_type, f.dimensions),
      'indexed_found', reembed.index_key(f.form, CASE f.form WHEN 'plain' THEN v_names ->> 'found' ELSE format('(%s)::%s', v_names ->> 'found', v_type) END, v_type, f.dimensions),
      'indexed_query', reembed.index_key(f.form, format('(p_vector::%s)', v_type), v_type, f.dimensions),
      'indexed_distance', CASE f.form WHEN 'binary' THEN format('OPERATOR(%I.<~>)', reembed.vector_schema()) ELSE v_names ->> 'distance' END);
  END IF;
  RETURN v_names || jsonb_build_object('role', p_role);
END;
$$;
COMMENT ON FUNCTION reembed.role_names IS 'Values of the placeholders in templates that are rendered once for each role.';
