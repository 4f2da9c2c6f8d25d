-- What was spent before the cap was set is taken from the ledger, with the provider batches that are not over.
CREATE OR REPLACE FUNCTION reembed.spending_left(p_campaign text, p_token_price numeric) RETURNS numeric
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  s reembed.setting;
BEGIN
  SELECT c.* INTO s FROM reembed.campaign AS m JOIN reembed.setting AS c ON c.target = m.target
   WHERE m.name = p_campaign AND m.phase <> 'contract' AND (c.max_tokens IS NOT NULL OR c.max_usd IS NOT NULL);
  IF NOT FOUND THEN
    RETURN NULL;
  END IF;
  IF NOT EXISTS (SELECT FROM reembed.spending AS p WHERE p.campaign = p_campaign) THEN
    INSERT INTO reembed.spending (campaign, tokens, usd)
    SELECT m.name, m.live_tokens + l.tokens + a.tokens,
           (m.live_tokens + l.tokens - l.batch_api_tokens * (1 - o.batch_api_price_factor) + a.tokens * o.batch_api_price_factor) * coalesce(o.usd_per_million_tokens, 0) / 1000000
      FROM reembed.campaign AS m JOIN reembed.model AS o ON o.name = m.to_model
     CROSS JOIN LATERAL (SELECT coalesce(sum(b.tokens), 0) AS tokens, coalesce(sum(b.batch_api_tokens), 0) AS batch_api_tokens
                           FROM reembed.batch AS b WHERE b.campaign = m.name) AS l
     CROSS JOIN LATERAL (SELECT coalesce(sum(b.tokens_expected - b.tokens), 0) AS tokens
                           FROM reembed.provider_batch AS b WHERE b.campaign = m.name AND b.state IN ('submitting', 'submitted')) AS a
     WHERE m.name = p_campaign
    ON CONFLICT (campaign) DO NOTHING;
  END IF;
  RETURN (SELECT least(s.max_tokens - p.tokens, CASE WHEN p_token_price > 0 THEN floor((s.max_usd - p.usd) / p_token_price) END)
            FROM reembed.spending AS p WHERE p.campaign = p_campaign);
END;
$$;
COMMENT ON FUNCTION reembed.spending_left IS 'Tokens of a price that a campaign may still spend under max_tokens and max_usd; null where neither limits it.';
