CREATE OR REPLACE FUNCTION reembed.check_verdict(p_target text)
RETURNS TABLE (kind text, severity text, model text, is_bad boolean, message text, details jsonb)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  m reembed.campaign;
  v_evidence jsonb;
BEGIN
  SELECT c.* INTO m FROM reembed.campaign AS c JOIN reembed.setting AS s ON s.target = c.target WHERE c.target = p_target AND c.phase = 'switch' AND s.read_model = c.to_model;
  v_evidence := reembed.unsure_evidence(m.name);
  RETURN QUERY SELECT 'unsure_verdict', 'warning', m.to_model, v_evidence IS NOT NULL,
                      format('%s is live although its validation is unsure (%s)', m.to_model, (SELECT string_agg(d.code, ', ' ORDER BY d.code) FROM jsonb_array_elements_text(v_evidence -> 'doubts') AS d(code))),
                      coalesce(v_evidence, '{}');
END;
$$;
COMMENT ON FUNCTION reembed.check_verdict IS 'Check of the watch: whether the new model is live on a verdict of unsure that a person accepted.';
