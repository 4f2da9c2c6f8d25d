-- The reservation of a provider batch is its tokens_expected. It is set in the same transaction, so that a repeated call after a crash reserves nothing twice.
CREATE OR REPLACE FUNCTION reembed.reserve_provider_batch(p_provider_batch uuid, p_attempt integer, p_tokens bigint) RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '500ms'
AS $$
DECLARE
  p reembed.provider_batch;
  v_refusal text;
BEGIN
  SELECT * INTO p FROM reembed.provider_batch AS b
   WHERE b.id = p_provider_batch AND b.attempt = p_attempt AND b.state = 'submitting' AND b.tokens_expected IS NULL FOR NO KEY UPDATE;
  IF FOUND THEN
    v_refusal := reembed.reserve_spending(p.campaign, p.model, p_tokens, (SELECT o.batch_api_price_factor FROM reembed.model AS o WHERE o.name = p.model));
    IF v_refusal IS NULL THEN
      UPDATE reembed.provider_batch SET tokens_expected = p_tokens WHERE id = p_provider_batch;
    END IF;
  END IF;
  RETURN v_refusal;
END;
$$;
COMMENT ON FUNCTION reembed.reserve_provider_batch IS 'Counts the expected tokens of a provider batch against the spend cap before it is uploaded; returns the reason where they exceed it.';
