CREATE OR REPLACE FUNCTION reembed.alert_gate(p_name text, p_phase text) RETURNS TABLE (code text, condition text, remedy text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT 'open_alert', format('alert %s has been open since %s: %s', a.kind, to_char(a.opened_at, 'YYYY-MM-DD HH24:MI:SS'), a.message),
         format('fix the cause, and the watch closes the alert; or select reembed.close_alert(%L, %L, ''why'')', a.target, a.kind)
    FROM reembed.alert AS a JOIN reembed.campaign AS m ON m.target = a.target
   WHERE m.name = p_name AND a.closed_at IS NULL AND a.severity <> 'notice'
     -- The gate to the switch asked for the acceptance of an unsure verdict; to block contract would ask again.
     AND a.kind <> 'unsure_verdict'
     -- Alerts about the old model alone do not block the switch, which may be their remedy.
     AND (p_phase <> 'switch' OR a.severity = 'critical' AND a.model = m.to_model)
   ORDER BY a.kind;
$$;
COMMENT ON FUNCTION reembed.alert_gate IS 'Open alerts that block contract, a larger canary, or, when they concern the new model, the switch.';
