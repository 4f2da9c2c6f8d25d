-- Deletes the rows of an earlier attempt, because their texts may have changed since. The worker of that attempt may still be running; the new attempt number
-- makes its later writes fail.
CREATE OR REPLACE FUNCTION reembed.begin_submission(p_provider_batch uuid) RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '500ms'
AS $$
DECLARE
  v_before reembed.provider_batch;
  v_attempt integer;
BEGIN
  SELECT * INTO v_before FROM reembed.provider_batch AS b WHERE b.id = p_provider_batch AND b.state = 'submitting' AND b.input_file_id IS NULL FOR NO KEY UPDATE;
  UPDATE reembed.provider_batch AS p SET attempt = p.attempt + 1, rows = 0, requests = 0, encoding = NULL, tokens_expected = NULL
   WHERE p.id = p_provider_batch AND p.state = 'submitting' AND p.input_file_id IS NULL
  RETURNING p.attempt INTO v_attempt;
  IF FOUND THEN
    PERFORM reembed.correct_spending(v_before.campaign, v_before.model, -v_before.tokens_expected, o.batch_api_price_factor)
       FROM reembed.model AS o WHERE o.name = v_before.model AND v_before.tokens_expected IS NOT NULL;
    DELETE FROM reembed.provider_batch_row WHERE provider_batch = p_provider_batch;
  END IF;
  RETURN v_attempt;
END;
$$;
COMMENT ON FUNCTION reembed.begin_submission IS 'Starts to assemble the requests of a provider batch. Returns the number of the attempt; null when the requests are already at the provider or no longer wanted.';
