CREATE OR REPLACE FUNCTION reembed.vector_sql(p_target text, p_role text, p_row text DEFAULT 't') RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE WHEN v.is_side_table
              THEN format('(SELECT side.%I FROM %s AS side WHERE %s)', v.column_name, v.relation, reembed.same_key_sql(p_target, 'side', p_row))
              ELSE format('%s.%I', p_row, v.column_name) END
    FROM reembed.vector_column AS v
   WHERE v.target = p_target AND v.role = p_role
$$;
COMMENT ON FUNCTION reembed.vector_sql IS 'SQL that gives the vector of one role of the row of that name, wherever it is kept.';
