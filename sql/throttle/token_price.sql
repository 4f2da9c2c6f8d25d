-- The price of an old model is often unknown: its tokens then count at the price of the new one.
CREATE OR REPLACE FUNCTION reembed.token_price(p_campaign text, p_model text) RETURNS numeric
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT coalesce((SELECT o.usd_per_million_tokens FROM reembed.model AS o WHERE o.name = p_model), n.usd_per_million_tokens, 0) / 1000000
    FROM reembed.campaign AS m JOIN reembed.model AS n ON n.name = m.to_model WHERE m.name = p_campaign;
$$;
COMMENT ON FUNCTION reembed.token_price IS 'US dollars that a token of a model costs in a campaign; 0 where no price is known.';
