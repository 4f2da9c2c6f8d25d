-- Decisive judgements of people make it a warning: better evidence overrules worse.
CREATE OR REPLACE FUNCTION reembed.judge_grades(p_validation bigint) RETURNS TABLE (outcome text, code text, reason text, remedy text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE WHEN EXISTS (SELECT FROM reembed.quality_evidence(p_validation) AS q WHERE q.rank = 1 AND q.outcome <> 'unsure') THEN 'warning' ELSE 'unsure' END, 'few_graded',
         format('%s of %s pairs of query and row have no grade of %s, more than a fifth%s', reembed.count_text(v.ungraded_pairs), reembed.count_text(v.graded_pairs + v.ungraded_pairs), v.judge_model, ': ' || v.judge_problem),
         'check JUDGE_MODEL and its provider, then validate with --grade again: stored grades are not paid again'
    FROM reembed.validation AS v
   WHERE v.id = p_validation AND v.ungraded_pairs > 0.2 * (v.graded_pairs + v.ungraded_pairs);
$$;
COMMENT ON FUNCTION reembed.judge_grades IS 'Part of judge_validation(): whether the chat model graded enough of the results.';
