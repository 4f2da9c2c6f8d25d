CREATE OR REPLACE FUNCTION reembed.return_to_batch_api(p_provider_batch uuid, p_from_batch bigint DEFAULT 0) RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '500ms'
AS $$
  UPDATE reembed.batch SET provider_batch = NULL WHERE provider_batch = p_provider_batch AND id >= p_from_batch;
$$;
COMMENT ON FUNCTION reembed.return_to_batch_api IS 'Removes batches of the ledger from a provider batch that did not send them, so that another one can.';
