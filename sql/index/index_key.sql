CREATE OR REPLACE FUNCTION reembed.index_key(p_form text, p_vector text, p_type text, p_dimensions integer) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT reembed.render(
           CASE p_form WHEN 'binary' THEN '({schema}.binary_quantize({vector}))::bit({dimensions})'
                       WHEN 'subvector' THEN '({schema}.subvector({vector}, 1, {dimensions}))::{type}({dimensions})'
                       ELSE '{vector}' END,
           jsonb_build_object('schema', quote_ident(reembed.vector_schema()), 'vector', p_vector, 'type', p_type, 'dimensions', p_dimensions))
$$;
COMMENT ON FUNCTION reembed.index_key IS 'SQL of what an index of a form holds of a vector.';
