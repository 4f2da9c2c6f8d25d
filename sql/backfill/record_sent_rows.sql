CREATE OR REPLACE FUNCTION reembed.record_sent_rows(p_provider_batch uuid, p_attempt integer, p_batch bigint, p_requests integer[], p_positions integer[],
                                                    p_input_places integer[], p_input_counts integer[], p_keys text[], p_text_hashes bigint[], p_text_digests uuid[], p_waves integer[]) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '500ms'
AS $$
BEGIN
  UPDATE reembed.provider_batch AS p SET rows = p.rows + cardinality(p_keys)
   WHERE p.id = p_provider_batch AND p.attempt = p_attempt AND p.state = 'submitting' AND p.input_file_id IS NULL;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'provider batch % was abandoned, or another worker submits it', p_provider_batch USING ERRCODE = 'RE001';
  END IF;
  INSERT INTO reembed.provider_batch_row (provider_batch, request, position, input, inputs, batch, key, text_hash, text_digest, wave)
  SELECT p_provider_batch, i.request, i.position, i.input, i.inputs, p_batch, i.key::jsonb, i.text_hash, i.text_digest, i.wave
    FROM unnest(p_requests, p_positions, p_input_places, p_input_counts, p_keys, p_text_hashes, p_text_digests, p_waves) AS i(request, position, input, inputs, key, text_hash, text_digest, wave);
END;
$$;
COMMENT ON FUNCTION reembed.record_sent_rows IS 'Records which rows of a batch of the ledger are sent in which requests of a provider batch.';
