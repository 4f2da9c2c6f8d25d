CREATE OR REPLACE FUNCTION reembed.text_source(p_relation regclass, p_key_columns name[], p_text_columns name[], p_text_sql text, p_joins jsonb DEFAULT '[]') RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_is_expression constant boolean := cardinality(p_text_columns) = 0;
  v_text_attnums smallint[] := ARRAY(SELECT reembed.attnum(p_relation, c.name) FROM unnest(p_text_columns) WITH ORDINALITY AS c(name, position) ORDER BY c.position);
  v_read jsonb;
  v_joined reembed.joined_table[] := '{}';
BEGIN
  IF v_is_expression THEN
    SELECT coalesce(jsonb_object_agg(c.relation, c.attnums), '{}') INTO v_read FROM reembed.expression_columns(p_relation, p_text_sql, p_joins) AS c;
    v_text_attnums := ARRAY(SELECT e.attnum::smallint FROM jsonb_array_elements_text(v_read -> p_relation::oid::text) WITH ORDINALITY AS e(attnum, position) ORDER BY e.position);
    v_joined := ARRAY(
      SELECT ROW(f.relation::regclass, p_joins -> (f.n - 1) ->> 'alias', r.attnums, ARRAY(SELECT reembed.column_name(f.relation, c.attnum) FROM unnest(r.attnums) WITH ORDINALITY AS c(attnum, position) ORDER BY c.position),
                 f.key_attnums, f.of_position, f.of_attnums)::reembed.joined_table
        FROM reembed.join_facts(p_relation, p_joins) AS f
       CROSS JOIN LATERAL (SELECT ARRAY(SELECT e.attnum::smallint FROM jsonb_array_elements_text(v_read -> f.relation::text) WITH ORDINALITY AS e(attnum, position) ORDER BY e.position) AS attnums) AS r
       ORDER BY f.n);
  END IF;
  RETURN jsonb_build_object(
    'key_attnums', ARRAY(SELECT reembed.attnum(p_relation, c.name) FROM unnest(p_key_columns) WITH ORDINALITY AS c(name, position) ORDER BY c.position),
    'key_names', p_key_columns,
    'text_attnums', v_text_attnums,
    'text_names', ARRAY(SELECT reembed.column_name(p_relation, c.attnum) FROM unnest(v_text_attnums) WITH ORDINALITY AS c(attnum, position) ORDER BY c.position),
    'text_sql', p_text_sql,
    'is_expression', v_is_expression,
    'joined_tables', v_joined);
END;
$$;
COMMENT ON FUNCTION reembed.text_source IS 'Key and text of a table by column number, as stored in reembed.target.';
