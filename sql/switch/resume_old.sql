CREATE OR REPLACE FUNCTION reembed.resume_old(p_name text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '500ms'
AS $$
DECLARE
  m reembed.migration;
BEGIN
  SELECT * INTO STRICT m FROM reembed.migration WHERE name = p_name;
  INSERT INTO reembed.stale_row (target, key, needs_new, needs_old)
  SELECT f.target, f.key, false, true FROM reembed.failed_row AS f
   WHERE f.target = m.target AND f.model = m.from_model AND f.class = 'old_model_unavailable';
  UPDATE reembed.migration SET needs_old_sweep = false WHERE name = p_name;
END;
$$;
COMMENT ON FUNCTION reembed.resume_old IS 'Notes the rows whose old vector was given up while that model was not kept current; those without any are found by sweep_portion().';
