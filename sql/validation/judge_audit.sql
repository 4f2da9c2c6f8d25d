CREATE OR REPLACE FUNCTION reembed.judge_audit(p_validation bigint) RETURNS TABLE (outcome text, code text, reason text, remedy text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v reembed.validation;
  s reembed.setting;
  e record;
  v_found text;
BEGIN
  SELECT * INTO STRICT v FROM reembed.validation WHERE id = p_validation;
  SELECT o.* INTO STRICT s FROM reembed.campaign AS m JOIN reembed.setting AS o ON o.target = m.target WHERE m.name = v.campaign;

  SELECT * INTO e FROM reembed.audit_evidence(p_validation) AS a WHERE a.role = 'new';
  v_found := format('%s of %s audited new vectors differ from those the model returns now%s', reembed.count_text(e.disagreeing), reembed.count_text(e.rows),
                    concat(CASE WHEN e.disagreeing > 0 THEN format(' (lowest similarity %s)', round(e.lowest::numeric, 4)) END,
                           CASE WHEN e.runs > 1 THEN format(', in %s validations', e.runs) END));
  IF coalesce(e.rows, 0) = 0 THEN
    RETURN QUERY SELECT 'unsure', 'not_audited', concat('no stored new vector was compared with a fresh one', ': ' || v.audit_problem), 'npm run validate -- --audit 300, while the provider of the new model can be called';
  ELSIF e.outcome = 'fail' THEN
    RETURN QUERY SELECT 'fail', 'audit_disagrees', format('%s, more than max_audit_share %s', v_found, s.max_audit_share),
                        'find out whether the model, its prefix or its provider changed; then take the backfill back and run it again';
  ELSIF e.outcome = 'unsure' THEN
    RETURN QUERY SELECT 'unsure', 'audit_undecided', format('%s: too few rows to decide whether more than max_audit_share %s of all do', v_found, s.max_audit_share),
                        format('npm run validate -- --audit %s', greatest(300, ceil(ln(0.05) / ln(1 - s.max_audit_share::double precision)), e.rows));
  ELSIF e.disagreeing > 0 THEN
    RETURN QUERY SELECT 'warning', 'audit_disagreements', format('%s, within max_audit_share %s', v_found, s.max_audit_share), 'npm run report lists their figures';
  END IF;
  IF e.rows > 0 AND v.audit_problem IS NOT NULL THEN
    RETURN QUERY SELECT 'warning', 'audit_not_repeated', format('this run compared no stored vector with a fresh one: %s', v.audit_problem), 'npm run validate, while the provider of the new model can be called';
  END IF;

  -- Users search the old vectors already, whichever model they are of. But the comparison is then not one of these two models.
  SELECT * INTO e FROM reembed.audit_evidence(p_validation) AS a WHERE a.role = 'old';
  IF e.disagreeing > 0 THEN
    RETURN QUERY SELECT CASE e.outcome WHEN 'pass' THEN 'warning' ELSE 'unsure' END, 'old_vectors_disagree',
                        format('%s of %s audited old vectors differ from those the model returns now (lowest similarity %s)%s', reembed.count_text(e.disagreeing), reembed.count_text(e.rows), round(e.lowest::numeric, 4),
                               (SELECT ': ' || r.old_audit_cause FROM reembed.validation AS r
                                 WHERE r.id IN (SELECT o.id FROM reembed.evidence_runs(p_validation) AS o(id)) AND r.old_audit_cause IS NOT NULL ORDER BY r.id DESC LIMIT 1)),
                        'judge the new model on its own figures, or create the campaign again for the model and the text that the stored vectors are of';
  END IF;
  IF v.old_audit_problem IS NOT NULL THEN
    RETURN QUERY SELECT 'warning', 'old_vectors_not_audited', format('no stored old vector was compared with a fresh one: %s', v.old_audit_problem), 'nothing to do where the old model is gone';
  END IF;
END;
$$;
COMMENT ON FUNCTION reembed.judge_audit IS 'Part of judge_validation(): whether the stored vectors are those that the models return now.';
