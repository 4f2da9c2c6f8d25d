CREATE OR REPLACE FUNCTION reembed.index_gate(p_name text) RETURNS TABLE (code text, condition text, remedy text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  m reembed.campaign;
  v_pending bigint;
  v_outdated bigint;
  v_failed bigint;
  v_allowed bigint;
  v_missing bigint;
BEGIN
  SELECT * INTO STRICT m FROM reembed.campaign WHERE name = p_name;
  SELECT count(*) INTO v_pending FROM reembed.batch AS b WHERE b.campaign = p_name AND b.state = 'pending';
  v_outdated := reembed.late_rows(m.target);
  SELECT count(*) INTO v_failed FROM reembed.failed_row AS f WHERE f.target = m.target AND f.model = m.to_model;
  SELECT s.max_failed_rows INTO v_allowed FROM reembed.setting AS s WHERE s.target = m.target;
  IF v_pending > 0 THEN
    RETURN QUERY SELECT 'pending_batches', format('%s of %s %s still to be embedded', reembed.count_text(v_pending), reembed.counted(count(*), 'batch', 'batches'),
                                                   CASE v_pending WHEN 1 THEN 'is' ELSE 'are' END),
                        'npm run worker' FROM reembed.batch AS b WHERE b.campaign = p_name;
  END IF;
  IF v_outdated > 0 THEN
    RETURN QUERY SELECT 'outdated_rows', format('%s for %s new vector', reembed.counted(v_outdated, 'row changed and waits', 'rows changed and wait'), CASE v_outdated WHEN 1 THEN 'its' ELSE 'their' END), 'npm run worker';
  END IF;
  IF v_failed > v_allowed THEN
    RETURN QUERY SELECT 'failed_rows', format('%s could not be embedded, %s allowed', reembed.counted(v_failed, 'row'),
                               reembed.counted(v_allowed, 'is', 'are')),
                        'select key, model, class, message from reembed.failed_row; then npm run retry, or npm run setting -- max_failed_rows=' || v_failed;
  END IF;
  IF v_pending = 0 AND v_outdated = 0 THEN
    -- Checks the table itself, not only the ledger: rows without a vector are logged for the workers.
    v_missing := reembed.sweep(p_name);
    IF v_missing > 0 THEN
      RETURN QUERY SELECT 'missing_vectors', format('%s a new vector', reembed.counted(v_missing, 'row still lacks', 'rows still lack')), 'npm run worker';
    END IF;
  END IF;
END;
$$;
COMMENT ON FUNCTION reembed.index_gate IS 'Conditions that prevent the index build; none when every row has its new vector.';
