-- Under another campaign the roles stand for other models, so the result no longer applies.
CREATE OR REPLACE FUNCTION reembed.settle_live(p_target text, p_campaign text, p_gone jsonb[], p_stored integer, p_tokens bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '500ms'
AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM reembed.vector_column AS v WHERE v.target = p_target AND v.campaign = p_campaign) THEN
    RETURN false;
  END IF;
  IF p_stored > 0 OR p_tokens > 0 THEN
    UPDATE reembed.campaign SET live_rows = live_rows + p_stored, live_tokens = live_tokens + p_tokens WHERE name = p_campaign;
  END IF;
  -- A deleted row cannot fail any more.
  IF cardinality(p_gone) > 0 THEN
    DELETE FROM reembed.failed_row WHERE target = p_target AND key = ANY (p_gone);
  END IF;
  RETURN true;
END;
$$;
COMMENT ON FUNCTION reembed.settle_live IS 'Counts vectors of changed rows and deletes failures of deleted rows; false when the campaign has changed.';
