CREATE OR REPLACE FUNCTION reembed.resume_old(p_name text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '500ms'
AS $$
DECLARE
  m reembed.campaign;
BEGIN
  SELECT * INTO STRICT m FROM reembed.campaign WHERE name = p_name;
  PERFORM reembed.log_keys(m.target, ARRAY(SELECT f.key FROM reembed.failed_row AS f
                                            WHERE f.target = m.target AND f.model = m.from_model AND f.class = 'old_model_unavailable'), false, true);
  UPDATE reembed.campaign SET needs_old_sweep = false WHERE name = p_name;
END;
$$;
COMMENT ON FUNCTION reembed.resume_old IS 'Logs the rows whose old vector was given up while the old model was not maintained; sweep_portion() finds the rows without one.';
