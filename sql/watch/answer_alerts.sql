-- Only moves readers back, so a caller cannot expose readers to a model that has not passed its gates. SECURITY DEFINER, because workers may not switch.
CREATE OR REPLACE FUNCTION reembed.answer_alerts(p_target text DEFAULT NULL) RETURNS TABLE (action text, reason text)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
AS $$
DECLARE
  v_target text := reembed.resolve_target(p_target);
  s reembed.setting;
  m reembed.campaign;
  a reembed.alert;
  v_hindrance text;
  v_old_share double precision;
  v_percent numeric;
BEGIN
  SELECT * INTO m FROM reembed.campaign AS g WHERE g.target = v_target AND g.phase IN ('index', 'switch');
  IF NOT FOUND THEN
    RETURN;
  END IF;
  SELECT * INTO STRICT s FROM reembed.setting AS g WHERE g.target = v_target FOR UPDATE;
  SELECT * INTO a FROM reembed.alert AS g
   WHERE g.target = v_target AND g.closed_at IS NULL AND g.model = m.to_model
     -- Without a vector from its provider a canary reader waits in vain and then gets the live model's answer.
     AND (g.severity = 'critical' OR g.kind = 'provider' AND s.canary_percent > 0)
   ORDER BY g.opened_at LIMIT 1;

  IF a.id IS NOT NULL AND s.canary_percent > 0 THEN
    reason := format('alert %s: %s', a.kind, a.message);
    action := format('canary_percent %s -> 0', s.canary_percent);
    PERFORM set_config('reembed.reason', reason, true), set_config('reembed.alert', a.id::text, true);
    UPDATE reembed.setting AS g SET canary_percent = 0 WHERE g.target = v_target;
    RETURN NEXT;
  ELSIF a.id IS NOT NULL AND s.read_model = m.to_model AND s.auto_revert THEN
    -- The old model must be known to be better: the cause of an alert about the new model may lie in the old one.
    v_old_share := reembed.known_item_share(v_target, m.from_model);
    v_hindrance := CASE WHEN s.old_model_gone THEN format('%s cannot be called any more', m.from_model)
                        WHEN NOT s.keep_old_current THEN format('%s is not kept current', m.from_model)
                        WHEN s.known_items = 0 THEN format('known_items is 0, so the quality of %s is unknown', m.from_model)
                        WHEN v_old_share < s.min_known_items THEN format('known items are not found with %s either', m.from_model) END;
    IF v_hindrance IS NULL AND v_old_share IS NULL THEN
      RETURN;
    END IF;
    reason := format('alert %s: %s', a.kind, a.message);
    IF v_hindrance IS NULL THEN
      action := format('read_model %s -> %s', m.to_model, m.from_model);
      PERFORM set_config('reembed.reason', reason, true), set_config('reembed.alert', a.id::text, true);
      UPDATE reembed.setting AS g SET read_model = m.from_model WHERE g.target = v_target;
      RETURN NEXT;
    ELSIF a.details ->> 'answer' IS NULL THEN
      action := 'auto_revert withheld: ' || v_hindrance;
      INSERT INTO reembed.event (target, campaign, kind, from_value, to_value, reason) VALUES (v_target, m.name, 'auto_revert', NULL, 'withheld: ' || v_hindrance, reason);
      RETURN NEXT;
    END IF;
  ELSIF a.id IS NULL AND s.canary_percent > 0 THEN
    SELECT * INTO a FROM reembed.alert AS g
     WHERE g.target = v_target AND g.closed_at IS NULL AND g.kind = 'latency' AND g.severity = 'warning'
       AND g.opened_at > (SELECT max(e.at) FROM reembed.event AS e WHERE e.target = v_target AND e.kind = 'canary_percent');
    IF a.id IS NOT NULL THEN
      -- Back to the previous step, whose latency was acceptable.
      v_percent := coalesce((SELECT e.from_value::numeric FROM reembed.event AS e
                              WHERE e.target = v_target AND e.kind = 'canary_percent' AND e.to_value::numeric = s.canary_percent AND e.from_value::numeric < s.canary_percent
                              ORDER BY e.id DESC LIMIT 1), 0);
      reason := format('alert %s: %s', a.kind, a.message);
      action := format('canary_percent %s -> %s', s.canary_percent, v_percent);
      PERFORM set_config('reembed.reason', reason, true), set_config('reembed.alert', a.id::text, true);
      UPDATE reembed.setting AS g SET canary_percent = v_percent WHERE g.target = v_target;
      RETURN NEXT;
    END IF;
  END IF;
  UPDATE reembed.alert AS g SET details = g.details || jsonb_build_object('answer', action) WHERE g.id = a.id AND action IS NOT NULL;
  PERFORM set_config('reembed.reason', '', true), set_config('reembed.alert', '', true);
END;
$$;
COMMENT ON FUNCTION reembed.answer_alerts IS 'Moves readers back from a new model with open alerts: the canary at once, all readers where auto_revert is on. Returns what it did.';
