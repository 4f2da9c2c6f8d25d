-- Where one vector is not of the model, those written beside it are hardly either.
CREATE OR REPLACE FUNCTION reembed.judge_written(p_target text, p_ids bigint[], p_found text[]) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_keys jsonb[];
BEGIN
  UPDATE reembed.written_vector AS w SET found = f.found, audited_at = clock_timestamp()
    FROM unnest(p_ids, p_found) AS f(id, found) WHERE w.target = p_target AND w.id = f.id;
  IF 'new' = ALL (p_found) OR NOT EXISTS (SELECT FROM reembed.vector_column AS v JOIN reembed.campaign AS m ON m.name = v.campaign WHERE v.target = p_target AND m.phase = 'contract') THEN
    RETURN 0;
  END IF;
  v_keys := ARRAY(SELECT DISTINCT w.key FROM reembed.written_vector AS w WHERE w.target = p_target AND (w.audited_at IS NULL OR w.id = ANY (p_ids) AND w.found <> 'new'));
  DELETE FROM reembed.written_vector AS w WHERE w.target = p_target AND w.audited_at IS NULL;
  RETURN reembed.log_keys(p_target, v_keys, true, false);
END;
$$;
COMMENT ON FUNCTION reembed.judge_written IS 'Records which model audited vectors agree with. After contract, rows whose vector is not the model''s are logged to be embedded again, with those that are not audited; returns how many.';
