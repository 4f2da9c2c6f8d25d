CREATE OR REPLACE FUNCTION reembed.close_alert(p_target text, p_kind text, p_reason text) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_target text := reembed.resolve_target(p_target);
  a reembed.alert;
BEGIN
  UPDATE reembed.alert SET closed_at = clock_timestamp(), closed_because = p_reason
   WHERE target = v_target AND kind = p_kind AND closed_at IS NULL RETURNING * INTO a;
  IF NOT FOUND THEN
    RETURN false;
  END IF;
  INSERT INTO reembed.event (target, campaign, kind, from_value, reason) VALUES (v_target, a.campaign, 'alert', p_kind, p_reason);
  PERFORM pg_notify('reembed', json_build_object('target', v_target, 'alert', p_kind, 'state', 'closed', 'severity', a.severity, 'message', left(p_reason, 1000))::text);
  RETURN true;
END;
$$;
COMMENT ON FUNCTION reembed.close_alert IS 'Closes an open alert with a reason, audits it and notifies; false when none is open. The watch opens it again while the cause persists.';
