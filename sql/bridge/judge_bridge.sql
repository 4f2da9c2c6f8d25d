-- A model that is gone is no alternative, so nothing that was measured against it can close the bridge; a pass from before stands.
CREATE OR REPLACE FUNCTION reembed.judge_bridge(p_campaign text) RETURNS TABLE (outcome text, code text, reason text, remedy text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  m reembed.campaign;
  s reembed.setting;
  e record;
  v reembed.bridge_validation;
  v_figures text;
BEGIN
  SELECT * INTO STRICT m FROM reembed.campaign WHERE name = p_campaign;
  SELECT * INTO STRICT s FROM reembed.setting WHERE target = m.target;
  SELECT q.* INTO e FROM reembed.bridge_evidence(p_campaign) AS q ORDER BY q.outcome = 'unsure', q.rank LIMIT 1;
  v_figures := format('nDCG of %s is %s with the bridge and %s with %s, and a loss of %s is tolerated (max_ndcg_loss %s; difference between %s and %s)',
                      reembed.counted(e.queries, 'judged query', 'judged queries'), round(e.after::numeric, 4), round(e.before::numeric, 4), m.from_model,
                      round(e.margin::numeric, 4), s.max_ndcg_loss, round(e.low::numeric, 4), round(e.high::numeric, 4));
  IF e.outcome = 'pass' THEN
    RETURN;
  ELSIF s.old_model_gone THEN
    SELECT w.* INTO v FROM reembed.bridge AS b JOIN reembed.bridge_validation AS w ON w.campaign = b.campaign AND w.fitted_at = b.fitted_at AND w.judged_queries > 0
     WHERE b.campaign = p_campaign ORDER BY w.id DESC LIMIT 1;
    RETURN QUERY SELECT 'unsure', 'bridge_unmeasured',
                        format('%s cannot be called any more, so the bridge cannot be compared with it', m.from_model)
                        || CASE WHEN v.id IS NULL THEN '' ELSE format('; nDCG@%s of %s is %s with the bridge, between %s and %s', v.k, reembed.counted(v.judged_queries, 'judged query', 'judged queries'), round(v.ndcg_bridge::numeric, 4), round(v.ndcg_bridge_low::numeric, 4), round(v.ndcg_bridge_high::numeric, 4)) END,
                        'npm run validate -- --bridge --accept bridge-unmeasured --reason "why"';
  ELSIF e.outcome = 'fail' THEN
    RETURN QUERY SELECT 'fail', 'bridge_worse', v_figures, format('let searches use %s until the switch', m.from_model);
  ELSIF e.rank IS NULL THEN
    RETURN QUERY SELECT 'unsure', 'bridge_not_validated', 'the bridge has not been compared with the old model by judged queries', 'npm run validate -- --bridge --queries FILE --judgements FILE';
  ELSE
    RETURN QUERY SELECT 'unsure', 'bridge_undecided',
                        v_figures || CASE WHEN e.looks > 5 THEN '; after five looks, new queries of this kind can no longer make it pass'
                                          WHEN e.rank = 4 AND e.low > -e.margin THEN '; such queries favour models that match words, so they never suffice to pass'
                                          WHEN e.more_queries IS NULL THEN '; it is so close to the tolerated loss that no reasonable number of queries would decide'
                                          ELSE format('; about %s would decide', reembed.counted(e.more_queries, 'more query', 'more queries')) END,
                        'npm run validate -- --bridge --queries FILE --judgements FILE, with more queries';
  END IF;
END;
$$;
COMMENT ON FUNCTION reembed.judge_bridge IS 'Verdict on the bridge of a campaign by the stored evidence and the present thresholds: fail or unsure with the reason; no row when it passes.';
