-- Unlike reserve_spending() it pauses nothing: a validation that finds no room ends its requests, and the campaign goes on.
CREATE OR REPLACE FUNCTION reembed.spend_on_judge(p_campaign text, p_tokens bigint, p_usd numeric, p_must_fit boolean) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  -- Begins the count where a cap is set.
  PERFORM reembed.spending_left(p_campaign, 0);
  UPDATE reembed.spending AS p SET tokens = p.tokens + p_tokens, usd = p.usd + p_usd
    FROM reembed.campaign AS m JOIN reembed.setting AS s ON s.target = m.target
   WHERE p.campaign = p_campaign AND m.name = p_campaign
     AND (NOT p_must_fit OR coalesce(p.tokens + p_tokens <= s.max_tokens, true) AND coalesce(p.usd + p_usd <= s.max_usd, true));
  RETURN FOUND OR NOT EXISTS (
    SELECT FROM reembed.campaign AS m JOIN reembed.setting AS s ON s.target = m.target
     WHERE m.name = p_campaign AND m.phase <> 'contract' AND (s.max_tokens IS NOT NULL OR s.max_usd IS NOT NULL));
END;
$$;
COMMENT ON FUNCTION reembed.spend_on_judge IS 'Counts a request to the chat model of a validation, or the difference to what it cost, against the spend cap of a campaign; false: it does not fit.';
