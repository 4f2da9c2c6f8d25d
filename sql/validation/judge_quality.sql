-- The best grade that is decisive decides. Where a better grade is unsure, a fail of a worse one stands, and so does a pass, unless the better grade points to a
-- loss beyond the margin.
CREATE OR REPLACE FUNCTION reembed.judge_quality(p_validation bigint) RETURNS TABLE (outcome text, code text, reason text, remedy text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_k integer;
  v_loss numeric;
  c_more constant text := 'npm run validate -- --queries FILE --judgements FILE, with more queries';
BEGIN
  SELECT v.k, s.max_ndcg_loss INTO v_k, v_loss
    FROM reembed.validation AS v JOIN reembed.campaign AS m ON m.name = v.campaign JOIN reembed.setting AS s ON s.target = m.target WHERE v.id = p_validation;
  RETURN QUERY
    WITH evidence AS MATERIALIZED (
      SELECT q.*, min(q.rank) OVER () AS best, min(q.rank) FILTER (WHERE q.outcome <> 'unsure') OVER () AS decisive,
             q.rank = 4 AND q.low > -q.margin AS is_capped, q.after - q.before < -q.margin AS points_to_loss
        FROM reembed.quality_evidence(p_validation) AS q
    ), said AS (
      SELECT e.*, (SELECT d.outcome FROM evidence AS d WHERE d.rank = e.decisive) AS decision,
             format('nDCG@%s of %s %s went from %s to %s, and a loss of %s is tolerated (max_ndcg_loss %s; look %s of 5, difference between %s and %s)',
                    v_k, reembed.counted(e.queries, 'query', 'queries'),
                    (ARRAY['judged by people', 'judged by a chat model', 'made of rows', 'made of rows in their own words'])[e.rank],
                    round(e.before::numeric, 4), round(e.after::numeric, 4), round(e.margin::numeric, 4), v_loss, least(e.looks, 5), round(e.low::numeric, 4), round(e.high::numeric, 4)) AS figures
        FROM evidence AS e
    )
    SELECT 'fail', 'quality_lost', s.figures, 'keep the old model, or change max_ndcg_loss with npm run setting'
      FROM said AS s WHERE s.outcome = 'fail' AND s.rank = s.decisive
    UNION ALL
    SELECT 'warning', 'quality_overruled', s.figures || '; better evidence overrules it', c_more
      FROM said AS s WHERE s.outcome = 'fail' AND s.rank > s.decisive
    UNION ALL
    SELECT 'unsure', CASE WHEN s.looks > 5 THEN 'looks_exhausted' WHEN s.is_capped THEN 'lexical_queries' ELSE 'quality_undecided' END,
           s.figures || CASE WHEN s.looks > 5 THEN '; after five looks, new queries of this kind can no longer make a run pass'
                             WHEN s.is_capped THEN '; such queries favour models that match words, so they never suffice to pass'
                             WHEN s.more_queries IS NULL THEN '; it is so close to the tolerated loss that no reasonable number of queries would decide'
                             ELSE format('; about %s would decide', reembed.counted(s.more_queries, 'more query', 'more queries')) END,
           c_more
      FROM said AS s
     WHERE s.outcome = 'unsure' AND (s.decision IS NULL AND s.rank = s.best OR s.decision = 'pass' AND s.rank < s.decisive AND s.points_to_loss);
  IF NOT FOUND AND NOT EXISTS (SELECT FROM reembed.pooled_queries(p_validation)) THEN
    RETURN QUERY
      SELECT 'unsure', 'old_model_gone', format('%s cannot be called any more, so that no query could be embedded with it: the new model was compared with it only on rows, by their stored vectors, which says nothing about its quality', m.from_model),
             'npm run validate -- --queries FILE --judgements FILE, where the queries have an old_vector from before; or npm run migrate up -- --accept unsure --reason "why"'
        FROM reembed.validation AS v JOIN reembed.campaign AS m ON m.name = v.campaign JOIN reembed.setting AS s ON s.target = m.target
       WHERE v.id = p_validation AND s.old_model_gone;
    IF FOUND THEN
      RETURN;
    END IF;
    RETURN QUERY SELECT 'unsure', 'no_judgements', 'no query was judged, so nothing is known about the quality of the new model',
                        'npm run validate -- --queries FILE --judgements FILE, or --queries-from generated';
  END IF;
END;
$$;
COMMENT ON FUNCTION reembed.judge_quality IS 'Part of judge_validation(): whether judged queries show a loss of nDCG beyond max_ndcg_loss.';
