-- Figures are stored; the verdict is computed from them and the present thresholds, so a changed threshold takes effect immediately.
CREATE OR REPLACE FUNCTION reembed.judge_validation(p_validation bigint) RETURNS TABLE (outcome text, code text, reason text, remedy text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT * FROM reembed.judge_quality(p_validation)
  UNION ALL SELECT * FROM reembed.judge_slices(p_validation)
  UNION ALL SELECT * FROM reembed.judge_overlap(p_validation)
  UNION ALL SELECT * FROM reembed.judge_index(p_validation)
  UNION ALL SELECT * FROM reembed.judge_filters(p_validation)
  UNION ALL SELECT * FROM reembed.judge_latency(p_validation)
  UNION ALL SELECT * FROM reembed.judge_vectors(p_validation)
  UNION ALL SELECT * FROM reembed.judge_audit(p_validation)
  UNION ALL SELECT * FROM reembed.judge_grades(p_validation)
$$;
COMMENT ON FUNCTION reembed.judge_validation IS 'What a validation comes to by the present thresholds: outcome is fail, unsure or warning. See verdict().';
