CREATE OR REPLACE FUNCTION reembed.require_gate(p_name text, p_phase text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_conditions text;
  v_remedies text;
BEGIN
  -- A migration file without a transaction may have stopped after its last statement; a second run must not fail here.
  IF EXISTS (SELECT FROM reembed.campaign AS m WHERE m.name = p_name AND m.phase = p_phase) THEN
    RETURN;
  END IF;
  SELECT string_agg(c.condition, '; '), string_agg(DISTINCT c.remedy, '; ') INTO v_conditions, v_remedies
    FROM reembed.open_conditions(p_name, p_phase) AS c;
  IF v_conditions IS NOT NULL THEN
    RAISE EXCEPTION 'the gate to % is closed: %', p_phase, v_conditions USING ERRCODE = 'RE001', HINT = v_remedies;
  END IF;
END;
$$;
COMMENT ON FUNCTION reembed.require_gate IS 'Raises RE001 while the gate to a phase is closed.';
