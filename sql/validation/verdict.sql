CREATE OR REPLACE FUNCTION reembed.verdict(p_validation bigint) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE WHEN bool_or(j.outcome = 'fail') THEN 'fail' WHEN bool_or(j.outcome = 'unsure') THEN 'unsure' ELSE 'pass' END FROM reembed.judge_validation(p_validation) AS j
$$;
COMMENT ON FUNCTION reembed.verdict IS 'Verdict on a validation by the present thresholds: pass, fail or unsure.';
