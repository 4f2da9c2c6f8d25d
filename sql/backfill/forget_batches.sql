CREATE OR REPLACE FUNCTION reembed.forget_batches(p_name text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  -- A worker that holds one of these jobs finds its batch deleted and stops.
  DELETE FROM reembed_queue.job AS j USING reembed.campaign AS m, reembed.target AS t
   WHERE m.name = p_name AND t.name = m.target AND j.name = 'batch_' || t.suffix AND j.data ->> 'campaign' = p_name;
  PERFORM reembed.abandon_provider_batches(p_name);
  DELETE FROM reembed.repeated_text WHERE campaign = p_name;
  DELETE FROM reembed.batch WHERE campaign = p_name;
  DELETE FROM reembed.provider_batch WHERE campaign = p_name AND state = 'settled';
  UPDATE reembed.campaign SET planned_at = NULL, swept_at = NULL WHERE name = p_name;
END;
$$;
COMMENT ON FUNCTION reembed.forget_batches IS 'Cancels the jobs of a campaign, abandons its provider batches and empties its ledger; vectors stay in the table.';
