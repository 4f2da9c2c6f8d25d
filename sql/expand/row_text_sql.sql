CREATE OR REPLACE FUNCTION reembed.row_text_sql(p_target text) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE WHEN cardinality(t.text_columns) > 0 THEN t.text_sql ELSE reembed.text_call_sql(t.name, 't') END
    FROM reembed.target AS t
   WHERE t.name = p_target
$$;
COMMENT ON FUNCTION reembed.row_text_sql IS 'SQL that gives the text of a row t of a target and fails on no row: see text_failure().';
