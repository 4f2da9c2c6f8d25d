-- Before the rows are written: a row that another worker is writing would be skipped, and then be taken off the record without its vector.
CREATE OR REPLACE FUNCTION reembed.lock_sent_rows(p_provider_batch uuid, p_request integer, p_positions integer[]) RETURNS integer[]
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '500ms'
AS $$
BEGIN
  PERFORM FROM reembed.provider_batch AS b WHERE b.id = p_provider_batch AND b.state = 'submitted' FOR NO KEY UPDATE;
  RETURN ARRAY(SELECT r.position FROM reembed.provider_batch_row AS r
                WHERE r.provider_batch = p_provider_batch AND r.request = p_request AND r.position = ANY (p_positions));
END;
$$;
COMMENT ON FUNCTION reembed.lock_sent_rows IS 'Keeps other workers from storing vectors of a provider batch until the end of the transaction; returns which rows of a request still lack theirs.';
