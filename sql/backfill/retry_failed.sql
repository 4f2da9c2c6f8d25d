-- A row stays in failed_row until it has its vector: until then the gate counts it, and its attempts add up.
CREATE OR REPLACE FUNCTION reembed.retry_failed(p_target text DEFAULT NULL) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_target text := reembed.resolve_target(p_target);
  v_rows bigint;
BEGIN
  PERFORM reembed.log_keys(v_target, w.keys, w.needs_new, w.needs_old)
     FROM (SELECT array_agg(f.key) AS keys, f.needs_new, f.needs_old
             FROM (SELECT r.key, bool_or(v.role = 'new') AS needs_new, bool_or(v.role = 'old') AS needs_old
                     FROM reembed.failed_row AS r JOIN reembed.vector_column AS v ON v.target = v_target AND v.model = r.model
                    WHERE r.target = v_target GROUP BY r.key) AS f
            GROUP BY f.needs_new, f.needs_old) AS w;
  v_rows := (SELECT count(DISTINCT f.key) FROM reembed.failed_row AS f JOIN reembed.vector_column AS v ON v.target = v_target AND v.model = f.model WHERE f.target = v_target);
  IF v_rows > 0 THEN
    PERFORM reembed.record_retry(v_target, v_rows);
  END IF;
  RETURN v_rows;
END;
$$;
COMMENT ON FUNCTION reembed.retry_failed IS 'Logs the rows in failed_row as changed, so that workers retry them; returns how many.';
