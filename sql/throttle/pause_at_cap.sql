CREATE OR REPLACE FUNCTION reembed.pause_at_cap(p_campaign text, p_tokens bigint) RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_target text;
  v_reason text;
BEGIN
  SELECT m.target,
         format('the spend cap is reached: %s are spent or reserved, and the next request needs about %s',
                concat_ws(' and ', reembed.count_text(p.tokens) || ' of ' || reembed.count_text(s.max_tokens) || ' tokens (max_tokens)', '$' || round(p.usd, 4) || ' of $' || s.max_usd || ' (max_usd)'),
                reembed.counted(p_tokens, 'token'))
    INTO v_target, v_reason
    FROM reembed.campaign AS m JOIN reembed.setting AS s ON s.target = m.target JOIN reembed.spending AS p ON p.campaign = m.name
   WHERE m.name = p_campaign;
  UPDATE reembed.setting SET paused = true, paused_by = 'spend_cap', paused_reason = v_reason WHERE target = v_target AND NOT paused;
  RETURN v_reason;
END;
$$;
COMMENT ON FUNCTION reembed.pause_at_cap IS 'Pauses the target of a campaign whose spend cap leaves no room for a request of p_tokens; returns the reason.';
