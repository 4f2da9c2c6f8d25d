-- Deletes a row from the record in the transaction that stores its vector, so that a second copy of the answer finds nothing to store.
CREATE OR REPLACE FUNCTION reembed.settle_sent_rows(p_provider_batch uuid, p_batch bigint, p_request integer, p_positions integer[], p_vectors {vector_schema}.vector[], p_written text[],
                                                    p_refused jsonb, p_tokens bigint, p_requests integer) RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '500ms'
AS $$
DECLARE
  p reembed.provider_batch;
  v_written constant integer := cardinality(p_written);
  v_taken integer;
BEGIN
  SELECT * INTO p FROM reembed.provider_batch AS b WHERE b.id = p_provider_batch AND b.state = 'submitted' FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'provider batch % was already finished or abandoned; nothing was stored', p_provider_batch USING ERRCODE = 'RE001';
  END IF;
  WITH taken AS (
    DELETE FROM reembed.provider_batch_row AS r USING unnest(p_positions, p_vectors) AS i(position, vector)
     WHERE r.provider_batch = p_provider_batch AND r.request = p_request AND r.position = i.position
    RETURNING r.text_digest, i.vector
  )
  SELECT reembed.settle_batch(p.campaign, p_batch, p.model, p_written, array_agg(t.text_digest), array_agg(t.vector), p_refused, p_tokens, p_requests, false)
    INTO v_taken FROM taken AS t HAVING count(*) > 0;
  IF v_taken IS NULL THEN
    RETURN 0;
  END IF;
  IF p_tokens > 0 THEN
    UPDATE reembed.batch AS b SET batch_api_tokens = b.batch_api_tokens + p_tokens WHERE b.campaign = p.campaign AND b.id = p_batch;
  END IF;
  UPDATE reembed.provider_batch AS b SET stored_rows = b.stored_rows + v_written, tokens = b.tokens + p_tokens WHERE b.id = p_provider_batch;
  RETURN v_written;
END;
$$;
COMMENT ON FUNCTION reembed.settle_sent_rows IS 'Deletes rows whose vectors were stored or refused by their table from the record of a provider batch, and counts them; returns how many were written.';
