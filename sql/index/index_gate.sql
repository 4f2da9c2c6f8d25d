CREATE OR REPLACE FUNCTION reembed.index_gate(p_name text) RETURNS TABLE (condition text, remedy text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  m reembed.migration;
  v_pending bigint;
  v_stale bigint;
  v_failed bigint;
  v_allowed bigint;
  v_missing bigint;
BEGIN
  SELECT * INTO STRICT m FROM reembed.migration WHERE name = p_name;
  SELECT count(*) INTO v_pending FROM reembed.batch AS b WHERE b.migration = p_name AND b.state = 'pending';
  v_stale := reembed.late_rows(m.target);
  SELECT count(*) INTO v_failed FROM reembed.failed_row AS f WHERE f.target = m.target AND f.model = m.to_model;
  SELECT s.max_failed_rows INTO v_allowed FROM reembed.setting AS s WHERE s.target = m.target;
  IF v_pending > 0 THEN
    RETURN QUERY SELECT format('%s of %s batches are still to be embedded', v_pending, (SELECT count(*) FROM reembed.batch AS b WHERE b.migration = p_name)), 'npm run worker';
  END IF;
  IF v_stale > 0 THEN
    RETURN QUERY SELECT format('%s rows changed and wait for their new vector', v_stale), 'npm run worker';
  END IF;
  IF v_failed > v_allowed THEN
    RETURN QUERY SELECT format('%s rows could not be embedded, %s are allowed', v_failed, v_allowed),
                        'select * from reembed.failed_row; then npm run retry, or npm run setting -- max_failed_rows=' || v_failed;
  END IF;
  IF v_pending = 0 AND v_stale = 0 THEN
    -- Proof rather than bookkeeping: the table itself is searched, and what is found is handed to the workers.
    v_missing := reembed.sweep(p_name);
    IF v_missing > 0 THEN
      RETURN QUERY SELECT format('%s rows still lack a new vector', v_missing), 'npm run worker';
    END IF;
  END IF;
END;
$$;
COMMENT ON FUNCTION reembed.index_gate IS 'Conditions that still keep the index from being built; none when every row has its new vector.';
