-- Rows that fail are set aside one by one, and an unavailable provider is waited for. Batches that fail repeatedly for other reasons point to a wrong set-up,
-- where continuing only costs money. Counted since the campaign was last resumed.
CREATE OR REPLACE FUNCTION reembed.trip_breaker(p_name text) RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '500ms'
AS $$
DECLARE
  m reembed.campaign;
  v_since timestamptz;
  v_begun bigint;
  v_failed bigint;
  v_reason text;
BEGIN
  SELECT * INTO STRICT m FROM reembed.campaign WHERE name = p_name;
  SELECT coalesce(max(e.at), '-infinity') INTO v_since FROM reembed.event AS e WHERE e.target = m.target AND e.kind = 'paused' AND e.to_value = 'false';
  SELECT count(*), count(*) FILTER (WHERE b.failed_at > v_since) INTO v_begun, v_failed
    FROM reembed.batch AS b WHERE b.campaign = p_name AND b.started_at > v_since;
  IF v_begun < 50 OR v_failed * 2 <= v_begun THEN
    RETURN NULL;
  END IF;
  v_reason := format('%s of %s failed, the last because: %s', reembed.count_text(v_failed), reembed.counted(v_begun, 'batch', 'batches'),
                     (SELECT b.error FROM reembed.batch AS b WHERE b.campaign = p_name AND b.failed_at IS NOT NULL ORDER BY b.failed_at DESC LIMIT 1));
  UPDATE reembed.setting SET paused = true, paused_by = 'breaker', paused_reason = v_reason WHERE target = m.target AND NOT paused;
  RETURN CASE WHEN FOUND THEN v_reason END;
END;
$$;
COMMENT ON FUNCTION reembed.trip_breaker IS 'Pauses a campaign when more than half of at least 50 batches started since it was last resumed have failed; returns the reason, null otherwise.';
