CREATE OR REPLACE FUNCTION reembed.leave_phase(p_name text, p_phase text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '500ms'
AS $$
DECLARE
  m reembed.campaign;
  v_phases constant text[] := ARRAY['expand', 'backfill', 'index', 'switch', 'contract'];
  v_previous text;
BEGIN
  SELECT * INTO m FROM reembed.campaign WHERE name = p_name FOR UPDATE;
  v_previous := v_phases[array_position(v_phases, p_phase) - 1];
  -- An earlier run stopped right after this call.
  IF m.phase = v_previous THEN
    RETURN;
  END IF;
  IF m.phase IS DISTINCT FROM p_phase THEN
    RAISE EXCEPTION 'campaign % is in phase %, not %', p_name, coalesce(m.phase, 'none'), p_phase USING ERRCODE = 'RE001', HINT = 'SELECT campaign, phase FROM reembed.progress';
  END IF;
  IF p_phase = 'switch' THEN
    PERFORM reembed.abandon_archive(p_name);
  END IF;
  IF p_phase = 'index' THEN
    UPDATE reembed.setting SET canary_percent = DEFAULT, shadow_percent = DEFAULT WHERE target = m.target AND (canary_percent > 0 OR shadow_percent > 0);
  END IF;
  UPDATE reembed.campaign SET phase = v_previous, phase_entered_at = now(), phase_entered_by = session_user WHERE name = p_name;
  INSERT INTO reembed.event (target, campaign, kind, from_value, to_value) VALUES (m.target, p_name, 'phase', p_phase, v_previous);
  PERFORM reembed.refresh_serving(m.target);
END;
$$;
COMMENT ON FUNCTION reembed.leave_phase IS 'Records that a campaign returned to its previous phase.';
