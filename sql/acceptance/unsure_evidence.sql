-- Codes, not sentences: an acceptance holds while the doubts are of the same kinds, and a fail can never be accepted.
CREATE OR REPLACE FUNCTION reembed.unsure_evidence(p_campaign text) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT jsonb_build_object('doubts', jsonb_agg(DISTINCT j.code))
    FROM (SELECT v.id FROM reembed.validation AS v WHERE v.campaign = p_campaign ORDER BY v.finished_at DESC, v.id DESC LIMIT 1) AS v
   CROSS JOIN LATERAL reembed.judge_validation(v.id) AS j
   WHERE j.outcome <> 'warning'
  HAVING bool_and(j.outcome = 'unsure')
$$;
COMMENT ON FUNCTION reembed.unsure_evidence IS 'Codes of the doubts of a campaign''s newest validation, in the form of an acceptance; null unless its verdict is unsure.';
