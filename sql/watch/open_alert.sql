CREATE OR REPLACE FUNCTION reembed.open_alert(p_target text, p_kind text, p_severity text, p_model text, p_message text, p_details jsonb) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_campaign text := (SELECT name FROM reembed.campaign WHERE target = p_target AND phase <> 'contract');
BEGIN
  INSERT INTO reembed.alert (target, campaign, kind, severity, model, message, details)
  VALUES (p_target, v_campaign, p_kind, p_severity, p_model, p_message, p_details);
  INSERT INTO reembed.event (target, campaign, kind, to_value, reason) VALUES (p_target, v_campaign, 'alert', p_kind, p_message);
  PERFORM pg_notify('reembed', json_build_object('target', p_target, 'alert', p_kind, 'state', 'opened', 'severity', p_severity,
                                                 'message', left(p_message, 1000))::text);
END;
$$;
COMMENT ON FUNCTION reembed.open_alert IS 'Opens an alert, audits it and notifies.';
