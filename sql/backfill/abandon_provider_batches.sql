-- Changes only the record here. A worker cancels the batches at the provider later.
CREATE OR REPLACE FUNCTION reembed.abandon_provider_batches(p_name text) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '500ms'
AS $$
DECLARE
  v_batches bigint;
BEGIN
  UPDATE reembed.provider_batch SET state = 'abandoned', failing_since = NULL, next_check_at = clock_timestamp()
   WHERE campaign = p_name AND state IN ('submitting', 'submitted');
  GET DIAGNOSTICS v_batches = ROW_COUNT;
  DELETE FROM reembed.provider_batch_row AS r USING reembed.provider_batch AS p WHERE p.id = r.provider_batch AND p.campaign = p_name AND p.state = 'abandoned';
  UPDATE reembed.batch SET provider_batch = NULL, came_back = true WHERE campaign = p_name AND provider_batch IS NOT NULL;
  RETURN v_batches;
END;
$$;
COMMENT ON FUNCTION reembed.abandon_provider_batches IS 'Abandons the provider batches of a campaign: workers cancel them at the provider, store none of their results, and embed their rows by ordinary requests. Returns the number of provider batches abandoned.';
