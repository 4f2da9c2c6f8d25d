CREATE OR REPLACE FUNCTION reembed.resume(p_target text DEFAULT NULL) RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  UPDATE reembed.setting SET paused = false WHERE target = reembed.resolve_target(p_target);
$$;
COMMENT ON FUNCTION reembed.resume IS 'Ends a pause.';
