-- A row leaves the record in the commit that stores its vector: whoever comes later, from whatever copy of the answer, finds it gone.
CREATE OR REPLACE FUNCTION reembed.store_sent_rows(p_provider_batch uuid, p_request integer, p_positions integer[], p_vectors vector[], p_column name,
                                                   p_tokens bigint, p_requests integer) RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '500ms'
AS $$
DECLARE
  p reembed.provider_batch;
  v_sent record;
  v_written integer;
BEGIN
  SELECT * INTO p FROM reembed.provider_batch AS b WHERE b.id = p_provider_batch AND b.state = 'submitted' FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'batch % is not wanted any more; nothing was stored', p_provider_batch USING ERRCODE = 'RE001';
  END IF;
  WITH taken AS (
    DELETE FROM reembed.provider_batch_row AS r USING unnest(p_positions, p_vectors) WITH ORDINALITY AS i(position, vector, place)
     WHERE r.provider_batch = p_provider_batch AND r.request = p_request AND r.position = i.position
    RETURNING r.batch, r.key, r.text_hash, i.vector, i.place
  )
  SELECT min(t.batch) AS batch, array_agg(t.key::text ORDER BY t.place) AS keys, array_agg(t.text_hash ORDER BY t.place) AS hashes,
         array_agg(t.vector ORDER BY t.place) AS vectors INTO v_sent
    FROM taken AS t;
  IF v_sent.keys IS NULL THEN
    RETURN 0;
  END IF;
  v_written := reembed.store_batch(p.migration, v_sent.batch, p.model, p_column, v_sent.keys, v_sent.hashes, v_sent.vectors, '[]', p_tokens, p_requests, false);
  IF p_tokens > 0 THEN
    UPDATE reembed.batch AS b SET batch_api_tokens = b.batch_api_tokens + p_tokens WHERE b.migration = p.migration AND b.id = v_sent.batch;
  END IF;
  UPDATE reembed.provider_batch AS b SET stored_rows = b.stored_rows + v_written, tokens = b.tokens + p_tokens WHERE b.id = p_provider_batch;
  RETURN v_written;
END;
$$;
COMMENT ON FUNCTION reembed.store_sent_rows IS 'Stores vectors of rows that one request of a provider batch carried, fenced like any other, and takes the rows out of the record; returns how many were written.';
