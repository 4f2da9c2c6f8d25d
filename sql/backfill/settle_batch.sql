-- Runs in the statement that stores the vectors, so that vectors and ledger are committed together.
CREATE OR REPLACE FUNCTION reembed.settle_batch(p_campaign text, p_batch bigint, p_model text, p_written text[], p_digests uuid[], p_vectors {vector_schema}.vector[],
                                                p_refused jsonb, p_tokens bigint, p_requests integer, p_done boolean) RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '500ms'
AS $$
DECLARE
  v_target text;
  v_written constant integer := cardinality(p_written);
  v_done boolean := p_done;
BEGIN
  SELECT m.target INTO v_target FROM reembed.campaign AS m JOIN reembed.batch AS b ON b.campaign = m.name AND b.id = p_batch WHERE m.name = p_campaign;
  IF FOUND THEN
    -- A row that was not recorded as failed is tried again.
    v_done := cardinality(reembed.record_failed(v_target, p_model, p_refused, p_written)) = 0 AND p_done;
    -- Stores the vector for batches that wait for this text, even if the row itself has changed since.
    UPDATE reembed.repeated_text AS r SET vector = i.vector FROM unnest(p_digests, p_vectors) AS i(text_digest, vector)
     WHERE r.campaign = p_campaign AND r.text_digest = i.text_digest AND r.vector IS NULL;
    -- Rows that changed meanwhile are in the change log. The sweep finds rows that were only skipped because they were locked.
    UPDATE reembed.batch
       SET embedded_rows = embedded_rows + v_written, tokens = tokens + p_tokens, requests = requests + p_requests, failed_at = NULL,
           answered_rows = greatest(0, answered_rows - v_written),
           state = CASE WHEN v_done THEN 'done' ELSE state END,
           other_rows = CASE WHEN v_done THEN greatest(0, rows - embedded_rows - v_written) ELSE other_rows END,
           finished_at = CASE WHEN v_done THEN clock_timestamp() END
     WHERE campaign = p_campaign AND id = p_batch;
  END IF;
  -- The campaign was rolled back meanwhile. Raise, so that the vectors just written are rolled back with it.
  IF NOT FOUND THEN
    RAISE EXCEPTION 'batch % of % is no longer in the ledger; nothing was stored', p_batch, p_campaign USING ERRCODE = 'RE001';
  END IF;
  RETURN v_written;
END;
$$;
COMMENT ON FUNCTION reembed.settle_batch IS 'Records the outcome of a part of a batch in the ledger; returns how many rows were written.';
