CREATE OR REPLACE FUNCTION reembed.pause(p_target text DEFAULT NULL, p_reason text DEFAULT NULL) RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  UPDATE reembed.setting SET paused = true, paused_by = 'person', paused_reason = p_reason WHERE target = reembed.resolve_target(p_target);
$$;
COMMENT ON FUNCTION reembed.pause IS 'Pauses a target: workers finish the current batch and wait.';
