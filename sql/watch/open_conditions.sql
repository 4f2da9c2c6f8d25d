CREATE OR REPLACE FUNCTION reembed.open_conditions(p_name text, p_phase text) RETURNS TABLE (code text, condition text, remedy text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  -- Joined to the campaign, the view would look at every target.
  v_target constant text := (SELECT m.target FROM reembed.campaign AS m WHERE m.name = p_name);
BEGIN
  RETURN QUERY SELECT d.code, d.damage, d.remedy FROM reembed.damage AS d WHERE d.target = v_target AND (d.is_final OR d.code = 'row_security');
  -- The gates read the table, which is not possible with final damage.
  IF EXISTS (SELECT FROM reembed.damage AS d WHERE d.target = v_target AND d.is_final) THEN
    RETURN;
  END IF;
  -- Contract of a part that was interrupted after it had entered its phase is to be finished, whatever changed since.
  IF p_phase = 'contract' AND EXISTS (SELECT FROM reembed.campaign AS m WHERE m.name = p_name AND m.phase = p_phase) THEN
    RETURN;
  END IF;
  CASE p_phase
    WHEN 'backfill' THEN RETURN QUERY SELECT * FROM reembed.acceptance_gate(p_name, p_phase);
    WHEN 'index' THEN RETURN QUERY SELECT * FROM reembed.index_gate(p_name);
    -- Canary readers get the answers that all readers get after the switch.
    WHEN 'switch', 'canary' THEN RETURN QUERY SELECT * FROM reembed.switch_gate(p_name) UNION ALL SELECT * FROM reembed.alert_gate(p_name, p_phase);
    WHEN 'contract' THEN RETURN QUERY SELECT * FROM reembed.contract_gate(p_name) UNION ALL SELECT * FROM reembed.acceptance_gate(p_name, p_phase);
    ELSE RETURN;
  END CASE;
END;
$$;
COMMENT ON FUNCTION reembed.open_conditions IS 'What prevents a campaign from entering a phase, with the command that resolves it; no rows when the gate is open.';
