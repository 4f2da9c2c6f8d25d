-- Reserving in one row keeps all workers together within the cap: a request counts from before it leaves. An update that finds no room locks nothing, so the
-- pause cannot deadlock with a change of the settings.
CREATE OR REPLACE FUNCTION reembed.reserve_spending(p_campaign text, p_model text, p_tokens bigint, p_price_factor numeric DEFAULT 1) RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_price constant numeric := reembed.token_price(p_campaign, p_model) * p_price_factor;
BEGIN
  IF reembed.spending_left(p_campaign, v_price) IS NULL THEN
    RETURN NULL;
  END IF;
  UPDATE reembed.spending AS p SET tokens = p.tokens + p_tokens, usd = p.usd + p_tokens * v_price
    FROM reembed.campaign AS m JOIN reembed.setting AS s ON s.target = m.target
   WHERE p.campaign = p_campaign AND m.name = p_campaign
     AND coalesce(p.tokens + p_tokens <= s.max_tokens, true) AND coalesce(p.usd + p_tokens * v_price <= s.max_usd, true);
  RETURN CASE WHEN NOT FOUND THEN reembed.pause_at_cap(p_campaign, p_tokens) END;
END;
$$;
COMMENT ON FUNCTION reembed.reserve_spending IS 'Counts the expected tokens of a request against the spend cap of a campaign before it is sent. Where they exceed it, pauses the target and returns the reason; null: it may be sent.';
