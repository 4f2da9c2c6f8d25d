CREATE OR REPLACE FUNCTION reembed.coverage(p_target text, p_model text, OUT total bigint, OUT missing bigint, OUT just_changed bigint)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_role text;
BEGIN
  SELECT v.role INTO STRICT v_role FROM reembed.vector_column AS v WHERE v.target = p_target AND v.model = p_model;
  SELECT c.total, CASE v_role WHEN 'new' THEN c.missing_new ELSE c.missing_old END, CASE v_role WHEN 'new' THEN c.just_changed_new ELSE c.just_changed_old END
    INTO total, missing, just_changed FROM reembed.coverage_of(p_target) AS c;
END;
$$;
COMMENT ON FUNCTION reembed.coverage IS 'Rows with a text, how many of them lack a vector of the model, and how many of those the application changed in the last 30 seconds. Reads the whole table.';
