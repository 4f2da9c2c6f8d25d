-- A batch whose texts another provider batch embeds waits for hours. Attaching it to that provider batch avoids a check twice a second.
CREATE OR REPLACE FUNCTION reembed.release_batch(p_provider_batch uuid, p_batch bigint, p_waits_for uuid, p_has_rows boolean) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '500ms'
AS $$
DECLARE
  p reembed.provider_batch;
BEGIN
  SELECT * INTO STRICT p FROM reembed.provider_batch WHERE id = p_provider_batch;
  PERFORM FROM reembed.batch AS b WHERE b.campaign = p.campaign AND b.id = p_batch AND b.provider_batch = p_provider_batch FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RETURN true;
  END IF;
  PERFORM FROM reembed.provider_batch AS o WHERE o.id = p_waits_for AND o.state IN ('submitting', 'submitted') FOR SHARE;
  IF FOUND THEN
    UPDATE reembed.batch SET provider_batch = p_waits_for WHERE campaign = p.campaign AND id = p_batch;
    RETURN false;
  END IF;
  UPDATE reembed.batch SET provider_batch = NULL, came_back = NOT p.is_partial OR EXISTS (
           SELECT FROM reembed.provider_batch_row AS r WHERE r.provider_batch = p_provider_batch AND r.batch = p_batch)
   WHERE campaign = p.campaign AND id = p_batch;
  IF p_has_rows THEN
    RETURN false;
  END IF;
  PERFORM reembed.settle_batch(p.campaign, p_batch, p.model, '{}', NULL, NULL, '[]', 0, 0, true);
  RETURN true;
END;
$$;
COMMENT ON FUNCTION reembed.release_batch IS 'Ends the part of a provider batch in one batch of the ledger. The batch is done when no row of it is left to embed. It waits for another provider batch when that one embeds a text of its rows. Otherwise it returns to ordinary requests, or to the batch API where a part of it was not sent yet. Returns whether it is done.';
