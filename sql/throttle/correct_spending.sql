CREATE OR REPLACE FUNCTION reembed.correct_spending(p_campaign text, p_model text, p_tokens bigint, p_price_factor numeric DEFAULT 1) RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  UPDATE reembed.spending SET tokens = tokens + p_tokens, usd = usd + p_tokens * reembed.token_price(p_campaign, p_model) * p_price_factor
   WHERE campaign = p_campaign;
$$;
COMMENT ON FUNCTION reembed.correct_spending IS 'Adds the difference between the tokens that the provider counted and those that were reserved.';
