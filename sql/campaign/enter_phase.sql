CREATE OR REPLACE FUNCTION reembed.enter_phase(p_name text, p_phase text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '500ms'
AS $$
DECLARE
  m reembed.campaign;
  v_phases constant text[] := ARRAY['expand', 'backfill', 'index', 'switch', 'contract'];
BEGIN
  SELECT * INTO m FROM reembed.campaign WHERE name = p_name FOR UPDATE;
  -- A migration file without a transaction may have stopped right after this call; a second run must not fail here.
  IF m.phase = p_phase THEN
    RETURN;
  END IF;
  IF p_phase = 'index' AND NOT reembed.index_is_valid(p_name) THEN
    RAISE EXCEPTION 'index % is missing or INVALID', reembed.missing_indexes(p_name) USING ERRCODE = 'RE001', HINT = 'Run again: npm run migrate up';
  END IF;
  IF m.name IS NULL OR array_position(v_phases, p_phase) IS DISTINCT FROM array_position(v_phases, m.phase) + 1 THEN
    RAISE EXCEPTION 'campaign % cannot enter phase % from phase %', p_name, p_phase, coalesce(m.phase, 'none')
      USING ERRCODE = 'RE001', HINT = 'The phases follow in this order: ' || array_to_string(v_phases, ', ') || '.';
  END IF;
  IF p_phase = 'index' THEN
    DELETE FROM reembed.repeated_text WHERE campaign = p_name;
  END IF;
  IF p_phase = 'contract' THEN
    -- Only one model remains. The next campaign must not inherit the settings of this one.
    UPDATE reembed.setting
       SET canary_percent = DEFAULT, canary_steps = DEFAULT, shadow_percent = DEFAULT, min_shadow_overlap = DEFAULT, max_latency_ratio = DEFAULT,
           max_shadow_errors = DEFAULT, min_known_items = DEFAULT, auto_revert = DEFAULT
     WHERE target = m.target;
  END IF;
  UPDATE reembed.campaign SET phase = p_phase, phase_entered_at = now(), phase_entered_by = session_user WHERE name = p_name;
  INSERT INTO reembed.event (target, campaign, kind, from_value, to_value) VALUES (m.target, p_name, 'phase', m.phase, p_phase);
  PERFORM reembed.refresh_serving(m.target);
END;
$$;
COMMENT ON FUNCTION reembed.enter_phase IS 'Records that a campaign entered its next phase.';
