CREATE OR REPLACE FUNCTION reembed.switch_gate(p_name text) RETURNS TABLE (code text, condition text, remedy text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  m reembed.campaign;
  v reembed.validation;
  v_late bigint;
  v_gap bigint;
  v_judged record;
BEGIN
  SELECT * INTO STRICT m FROM reembed.campaign WHERE name = p_name;
  IF m.phase NOT IN ('index', 'switch') THEN
    RETURN QUERY SELECT 'index_not_built', format('the campaign is in phase %s, and the index is not built', m.phase), 'npm run migrate up';
    RETURN;
  END IF;
  IF NOT reembed.index_is_valid(p_name) THEN
    RETURN QUERY SELECT 'index_not_valid', format('index %s is missing or INVALID', reembed.missing_indexes(p_name)), 'npm run migrate down, then npm run migrate up';
  END IF;
  v_late := reembed.late_rows(m.target);
  IF v_late > 0 THEN
    RETURN QUERY SELECT 'outdated_rows', format('%s for %s new vector', reembed.counted(v_late, 'row changed and waits', 'rows changed and wait'), CASE v_late WHEN 1 THEN 'its' ELSE 'their' END), 'npm run worker';
  END IF;
  SELECT c.missing - c.just_changed - s.max_failed_rows INTO v_gap
    FROM reembed.coverage(m.target, m.to_model) AS c, reembed.setting AS s WHERE s.target = m.target;
  IF v_gap > 0 AND v_late = 0 THEN
    RETURN QUERY SELECT 'too_many_missing_vectors', format('%s more than allowed %s a new vector and would not be found', reembed.counted(v_gap, 'row'), CASE v_gap WHEN 1 THEN 'lacks' ELSE 'lack' END),
                        'npm run worker, npm run retry, or raise max_failed_rows with npm run setting';
  END IF;
  SELECT * INTO v FROM reembed.validation AS w WHERE w.campaign = p_name ORDER BY w.finished_at DESC, w.id DESC LIMIT 1;
  IF NOT FOUND THEN
    RETURN QUERY SELECT 'not_validated', 'old and new results have not been compared', 'npm run validate';
  ELSIF v.started_at < (SELECT max(b.finished_at) FROM reembed.batch AS b WHERE b.campaign = p_name) THEN
    RETURN QUERY SELECT 'validation_outdated', 'the last validation is older than the backfill', 'npm run validate';
  ELSE
    SELECT string_agg(j.reason, '; ') FILTER (WHERE j.outcome = 'fail') AS reasons, string_agg(j.reason, '; ') FILTER (WHERE j.outcome = 'unsure') AS doubts
      INTO v_judged FROM reembed.judge_validation(v.id) AS j;
    IF v_judged.reasons IS NOT NULL THEN
      RETURN QUERY SELECT 'validation_failed', 'the last validation failed: ' || v_judged.reasons, 'npm run validate, or change the thresholds with npm run setting';
    ELSIF v.index_recall IS NULL AND reembed.main_index(p_name) IS NOT NULL THEN
      RETURN QUERY SELECT 'validated_without_index', 'the last validation ran before the index was built', 'npm run validate';
    ELSIF v_judged.doubts IS NOT NULL AND NOT reembed.is_accepted(p_name, 'unsure', reembed.unsure_evidence(p_name)) THEN
      RETURN QUERY SELECT 'unsure', 'the last validation is unsure: ' || v_judged.doubts,
                          'npm run validate with more judged queries, or npm run migrate up -- --accept unsure --reason "why"';
    END IF;
  END IF;
END;
$$;
COMMENT ON FUNCTION reembed.switch_gate IS 'Conditions that prevent the switch to the new model; none when a validation newer than the backfill passed, or is unsure and accepted, and the index is valid.';
