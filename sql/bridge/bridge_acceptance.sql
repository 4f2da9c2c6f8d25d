-- Bound to the map: another fit is another bridge.
CREATE OR REPLACE FUNCTION reembed.bridge_acceptance(p_campaign text) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT jsonb_build_object('fitted_at', to_char(b.fitted_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))
    FROM reembed.bridge AS b JOIN reembed.campaign AS m ON m.name = b.campaign JOIN reembed.setting AS s ON s.target = m.target
   WHERE b.campaign = p_campaign AND s.old_model_gone AND EXISTS (SELECT FROM reembed.judge_bridge(p_campaign) AS j WHERE j.code = 'bridge_unmeasured')
$$;
COMMENT ON FUNCTION reembed.bridge_acceptance IS 'What an acceptance of bridge-unmeasured is bound to; null where there is nothing to accept, because the old model can be called or the bridge passed.';
