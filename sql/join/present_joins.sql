CREATE OR REPLACE FUNCTION reembed.present_joins(p_target text) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT coalesce(jsonb_agg(jsonb_build_object(
           'table', j.relation::text, 'alias', j.alias,
           'columns', (SELECT jsonb_agg(reembed.column_name(j.relation, k.attnum) ORDER BY k.place) FROM unnest(j.key_attnums) WITH ORDINALITY AS k(attnum, place)),
           'of', CASE j.of_position WHEN 0 THEN 't' ELSE t.joined_tables[j.of_position].alias END,
           'of_columns', (SELECT jsonb_agg(reembed.column_name(CASE j.of_position WHEN 0 THEN t.relation ELSE t.joined_tables[j.of_position].relation END, k.attnum) ORDER BY k.place)
                            FROM unnest(j.of_attnums) WITH ORDINALITY AS k(attnum, place))) ORDER BY j.n), '[]')
    FROM reembed.target AS t CROSS JOIN LATERAL unnest(t.joined_tables) WITH ORDINALITY AS j(relation, alias, attnums, names, key_attnums, of_position, of_attnums, n)
   WHERE t.name = p_target
$$;
COMMENT ON FUNCTION reembed.present_joins IS 'The joins of a target''s text by the present names, as join_facts() takes them.';
