CREATE OR REPLACE FUNCTION reembed.judge_audit(p_validation bigint) RETURNS TABLE (outcome text, code text, reason text, remedy text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v reembed.validation;
  s reembed.setting;
  i record;
  -- Similarities are computed in floating point: 0.999 may be stored as 0.9989999999999999.
  c_tolerance constant double precision := 1e-9;
BEGIN
  SELECT * INTO v FROM reembed.validation WHERE id = p_validation;
  SELECT o.* INTO s FROM reembed.campaign AS m JOIN reembed.setting AS o ON o.target = m.target WHERE m.name = v.campaign;
  FOR i IN
    SELECT a.role, a.validation, count(*) AS rows, count(*) FILTER (WHERE a.similarity >= s.min_audit_similarity - c_tolerance) AS agreeing, min(a.similarity) AS lowest
      FROM reembed.truth_audit AS a
     WHERE a.validation IN (SELECT max(o.validation) FROM reembed.truth_audit AS o WHERE o.validation IN (SELECT reembed.evidence_runs(p_validation)) GROUP BY o.role)
     GROUP BY a.role, a.validation
    HAVING count(*) FILTER (WHERE a.similarity >= s.min_audit_similarity - c_tolerance) < s.min_truth_audit * count(*) - c_tolerance
     ORDER BY a.role
  LOOP
    -- Only a warning for the old model: users already search its stored vectors, whichever model they are of.
    RETURN QUERY SELECT CASE i.role WHEN 'new' THEN 'fail' ELSE 'warning' END, 'audit_disagrees',
      format('%s of %s audited %s vectors differ from those the model returns now (lowest similarity %s%s), min_truth_audit is %s',
             i.rows - i.agreeing, i.rows, i.role, round(i.lowest::numeric, 4), CASE WHEN i.validation <> v.id THEN format('; validation %s', i.validation) END, s.min_truth_audit),
      'check the provider and the model, and embed the rows again';
  END LOOP;
  IF v.audit_problem IS NOT NULL THEN
    RETURN QUERY SELECT 'warning', 'audit_not_possible', 'no stored vector was compared with a fresh one: ' || v.audit_problem, 'npm run validate, when the provider can be called';
  END IF;
END;
$$;
COMMENT ON FUNCTION reembed.judge_audit IS 'Part of judge_validation(): whether stored vectors are those that the model returns now.';
