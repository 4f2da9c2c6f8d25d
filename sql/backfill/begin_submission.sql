-- What an earlier attempt put on record is of texts that may have changed since, and its worker may still be at it: from here on
-- whatever that one does is refused.
CREATE OR REPLACE FUNCTION reembed.begin_submission(p_provider_batch uuid) RETURNS integer
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '500ms'
AS $$
DECLARE
  v_attempt integer;
BEGIN
  UPDATE reembed.provider_batch AS p SET attempt = p.attempt + 1, rows = 0, requests = 0, encoding = NULL, tokens_expected = NULL
   WHERE p.id = p_provider_batch AND p.state = 'submitting' AND p.input_file_id IS NULL
  RETURNING p.attempt INTO v_attempt;
  IF FOUND THEN
    DELETE FROM reembed.provider_batch_row WHERE provider_batch = p_provider_batch;
  END IF;
  RETURN v_attempt;
END;
$$;
COMMENT ON FUNCTION reembed.begin_submission IS 'Begins to put the requests of a provider batch together; returns the number of the attempt, null when they are at the provider already or not wanted any more.';
