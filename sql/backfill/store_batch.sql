CREATE OR REPLACE FUNCTION reembed.store_batch(p_migration text, p_batch bigint, p_model text, p_column name,
                                               p_keys text[], p_text_hashes bigint[], p_vectors vector[], p_refused jsonb,
                                               p_tokens bigint, p_requests integer, p_done boolean) RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '500ms'
AS $$
DECLARE
  v_target text;
  v_written integer;
  v_is_done boolean := p_done;
BEGIN
  SELECT m.target INTO v_target FROM reembed.migration AS m JOIN reembed.batch AS b ON b.migration = m.name AND b.id = p_batch WHERE m.name = p_migration;
  IF FOUND THEN
    v_written := cardinality(reembed.store_vectors(v_target, p_migration, p_model, p_column, p_keys, p_text_hashes, p_vectors, p_refused));
    -- For the batches that wait for these texts, also where the row itself has another one by now.
    IF EXISTS (SELECT FROM reembed.repeated_text AS r WHERE r.migration = p_migration AND r.batch = p_batch AND r.vector IS NULL) THEN
      UPDATE reembed.repeated_text AS r SET vector = i.vector FROM unnest(p_text_hashes, p_vectors) AS i(text_hash, vector)
       WHERE r.migration = p_migration AND r.batch = p_batch AND r.text_hash = i.text_hash AND r.vector IS NULL;
    END IF;
    IF p_done THEN
      v_is_done := NOT reembed.waits_for_repeated(p_migration, p_batch);
    END IF;
    -- Rows that were changed meanwhile have a note by now; those that were only held locked are found by the sweep.
    UPDATE reembed.batch
       SET embedded_rows = embedded_rows + v_written, tokens = tokens + p_tokens, requests = requests + p_requests, failed_at = NULL,
           state = CASE WHEN v_is_done THEN 'done' ELSE state END,
           other_rows = CASE WHEN v_is_done THEN greatest(0, rows - embedded_rows - v_written) ELSE other_rows END,
           finished_at = CASE WHEN v_is_done THEN clock_timestamp() END
     WHERE migration = p_migration AND id = p_batch;
  END IF;
  -- Taken down meanwhile: what was just written must not outlive its campaign.
  IF NOT FOUND THEN
    RAISE EXCEPTION 'batch % of % is not in the ledger any more; nothing was stored', p_batch, p_migration USING ERRCODE = 'RE001';
  END IF;
  RETURN v_written;
END;
$$;
COMMENT ON FUNCTION reembed.store_batch IS 'Stores the vectors of a batch and its row in the ledger in one commit; returns how many rows were written.';
