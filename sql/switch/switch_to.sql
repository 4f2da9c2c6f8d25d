CREATE OR REPLACE FUNCTION reembed.switch_to(p_target text, p_model text) RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
AS $$
DECLARE
  v_target text := reembed.resolve_target(p_target);
BEGIN
  UPDATE reembed.setting SET read_model = p_model WHERE target = v_target;
  RETURN reembed.active_model(v_target);
END;
$$;
COMMENT ON FUNCTION reembed.switch_to IS 'Switches the live view to another model, forward or back, in one transaction; returns the model that is read now.';
