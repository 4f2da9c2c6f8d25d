CREATE OR REPLACE FUNCTION reembed.settle_provider_batch(p_provider_batch uuid) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '500ms'
AS $$
DECLARE
  p reembed.provider_batch;
BEGIN
  SELECT * INTO p FROM reembed.provider_batch AS b WHERE b.id = p_provider_batch AND b.state IN ('submitting', 'submitted') FOR UPDATE;
  IF NOT FOUND THEN
    RETURN true;
  END IF;
  -- A batch that waits for a text of this provider batch may just have been attached to it: release_batch() locks the row until then.
  IF EXISTS (SELECT FROM reembed.batch AS b WHERE b.provider_batch = p_provider_batch) THEN
    RETURN false;
  END IF;
  DELETE FROM reembed.provider_batch_row AS r WHERE r.provider_batch = p_provider_batch;
  UPDATE reembed.provider_batch SET state = 'settled', failing_since = NULL, finished_at = clock_timestamp() WHERE id = p_provider_batch;
  -- A provider that counts no tokens is not free: the expected number stays counted.
  IF p.tokens_expected IS NOT NULL AND (p.tokens > 0 OR p.stored_rows = 0) THEN
    PERFORM reembed.correct_spending(p.campaign, p.model, p.tokens - p.tokens_expected, o.batch_api_price_factor) FROM reembed.model AS o WHERE o.name = p.model;
  END IF;
  RETURN true;
END;
$$;
COMMENT ON FUNCTION reembed.settle_provider_batch IS 'Closes a provider batch when no batch of the ledger waits for it any more; returns false while one does.';
