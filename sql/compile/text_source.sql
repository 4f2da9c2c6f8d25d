CREATE OR REPLACE FUNCTION reembed.text_source(p_relation regclass, p_key_columns name[], p_text_columns name[], p_text_sql text) RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_is_expression constant boolean := cardinality(p_text_columns) = 0;
  v_text_attnums smallint[] := ARRAY(SELECT reembed.attnum(p_relation, c.name) FROM unnest(p_text_columns) WITH ORDINALITY AS c(name, position) ORDER BY c.position);
BEGIN
  IF v_is_expression THEN
    v_text_attnums := reembed.expression_columns(p_relation, p_text_sql);
  END IF;
  RETURN jsonb_build_object(
    'key_attnums', ARRAY(SELECT reembed.attnum(p_relation, c.name) FROM unnest(p_key_columns) WITH ORDINALITY AS c(name, position) ORDER BY c.position),
    'key_names', p_key_columns,
    'text_attnums', v_text_attnums,
    'text_names', ARRAY(SELECT reembed.column_name(p_relation, c.attnum) FROM unnest(v_text_attnums) WITH ORDINALITY AS c(attnum, position) ORDER BY c.position),
    'text_sql', p_text_sql,
    'is_expression', v_is_expression);
END;
$$;
COMMENT ON FUNCTION reembed.text_source IS 'Key and text of a table by column number, as stored in reembed.target.';
