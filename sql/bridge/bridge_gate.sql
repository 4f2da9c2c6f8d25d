CREATE OR REPLACE FUNCTION reembed.bridge_gate(p_campaign text) RETURNS TABLE (code text, reason text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  m reembed.campaign;
BEGIN
  SELECT * INTO STRICT m FROM reembed.campaign WHERE name = p_campaign;
  IF NOT EXISTS (SELECT FROM reembed.bridge AS b WHERE b.campaign = p_campaign) THEN
    RETURN QUERY SELECT 'bridge_not_fitted', 'no map has been fitted: npm run bridge fit';
  ELSIF EXISTS (SELECT FROM reembed.setting AS s WHERE s.target = m.target AND s.read_model = m.to_model) THEN
    RETURN QUERY SELECT 'new_model_live', format('the live view reads %s, so the bridge has ended', m.to_model);
  ELSIF reembed.bridge_acceptance(p_campaign) IS NULL OR NOT reembed.is_accepted(p_campaign, 'bridge-unmeasured', reembed.bridge_acceptance(p_campaign)) THEN
    RETURN QUERY SELECT j.code, format('%s: %s', j.reason, j.remedy) FROM reembed.judge_bridge(p_campaign) AS j;
  END IF;
END;
$$;
COMMENT ON FUNCTION reembed.bridge_gate IS 'What keeps the bridge of a campaign from serving searches; no rows when it may: it is not worse than the old model by more than the margin, or the old model is gone and a person accepted the bridge by name.';
