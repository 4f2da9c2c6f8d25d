CREATE OR REPLACE FUNCTION reembed.settle_provider_batch(p_provider_batch uuid) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '500ms'
AS $$
BEGIN
  PERFORM FROM reembed.provider_batch AS p WHERE p.id = p_provider_batch AND p.state IN ('submitting', 'submitted') FOR UPDATE;
  IF NOT FOUND THEN
    RETURN true;
  END IF;
  -- A batch that waits for a text of this provider batch may just have been attached to it: release_batch() locks the row until then.
  IF EXISTS (SELECT FROM reembed.batch AS b WHERE b.provider_batch = p_provider_batch) THEN
    RETURN false;
  END IF;
  DELETE FROM reembed.provider_batch_row AS r WHERE r.provider_batch = p_provider_batch;
  UPDATE reembed.provider_batch SET state = 'settled', failing_since = NULL, finished_at = clock_timestamp() WHERE id = p_provider_batch;
  RETURN true;
END;
$$;
COMMENT ON FUNCTION reembed.settle_provider_batch IS 'Closes a provider batch when no batch of the ledger waits for it any more; returns false while one does.';
