CREATE OR REPLACE FUNCTION reembed.count_missing(p_target text, p_model text) RETURNS bigint
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  t reembed.target;
  v_column name;
  v_missing bigint;
BEGIN
  SELECT * INTO STRICT t FROM reembed.target WHERE name = p_target;
  SELECT column_name INTO STRICT v_column FROM reembed.vector_column WHERE target = p_target AND model = p_model;
  EXECUTE format('SELECT count(*) FROM %s AS t WHERE t.%I IS NULL AND reembed.has_text((%s)::text)', t.relation, v_column, t.text_sql) INTO v_missing;
  RETURN v_missing;
END;
$$;
COMMENT ON FUNCTION reembed.count_missing IS 'Rows with a text but without a vector of the model. Reads the whole table.';
