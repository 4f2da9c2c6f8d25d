-- A row stays in failed_row until it has its vector: meanwhile it still counts at the gate, and its attempts add up.
CREATE OR REPLACE FUNCTION reembed.retry_failed(p_target text DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_target text := reembed.resolve_target(p_target);
  v_rows bigint;
BEGIN
  INSERT INTO reembed.stale_row (target, key, needs_new, needs_old)
  SELECT v_target, f.key, bool_or(v.role = 'new'), bool_or(v.role = 'old')
    FROM reembed.failed_row AS f JOIN reembed.vector_column AS v ON v.target = v_target AND v.model = f.model
   WHERE f.target = v_target
   GROUP BY f.key;
  GET DIAGNOSTICS v_rows = ROW_COUNT;
  RETURN v_rows;
END;
$$;
COMMENT ON FUNCTION reembed.retry_failed IS 'Hands the rows in failed_row to the workers again; returns how many.';
