-- The absence of alerts is not enough: workers must have searched for known items and found them. Shadow reads, which readers record, can only hold the canary
-- back.
CREATE OR REPLACE FUNCTION reembed.grow_canary(p_target text DEFAULT NULL) RETURNS TABLE (action text, reason text)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
SET intervalstyle = 'postgres'
AS $$
DECLARE
  v_target text := reembed.resolve_target(p_target);
  s reembed.setting;
  v_last reembed.event;
  v_next numeric;
  v_found_well bigint;
BEGIN
  SELECT * INTO STRICT s FROM reembed.setting AS g WHERE g.target = v_target;
  SELECT min(step) INTO v_next FROM unnest(s.canary_steps) AS step WHERE step > s.canary_percent;
  IF v_next IS NULL OR s.canary_percent = 0 OR s.known_items = 0
     OR EXISTS (SELECT FROM reembed.alert AS a WHERE a.target = v_target AND a.closed_at IS NULL)
     OR EXISTS (SELECT FROM reembed.watch_memory AS w WHERE w.target = v_target AND w.suspected <> '{}')
  THEN
    RETURN;
  END IF;
  -- After an alert reduced the canary a person has to check, or it would grow and shrink forever.
  SELECT e.* INTO v_last FROM reembed.event AS e WHERE e.target = v_target AND e.kind = 'canary_percent' ORDER BY e.id DESC LIMIT 1;
  IF v_last.at + s.canary_step_time > clock_timestamp() OR v_last.alert IS NOT NULL
     -- The gate scans the whole table and blocks changes of the settings meanwhile, so a refused step waits ten minutes.
     OR EXISTS (SELECT FROM reembed.event AS e WHERE e.target = v_target AND e.kind = 'canary_growth' AND e.at > clock_timestamp() - interval '10 minutes') THEN
    RETURN;
  END IF;
  SELECT count(*) FILTER (WHERE NOT c.is_bad) INTO v_found_well
    FROM (SELECT k.kind, k.is_bad FROM reembed.check_known_items(v_target) AS k WHERE k.kind = 'known_items'
          UNION ALL
          SELECT k.kind, k.is_bad FROM reembed.check_shadow(v_target) AS k WHERE k.kind IN ('overlap', 'latency') AND s.shadow_percent > 0) AS c;
  IF v_found_well < 1 + 2 * (s.shadow_percent > 0)::integer THEN
    RETURN;
  END IF;
  reason := format('no problem was found for %s', s.canary_step_time);
  action := format('canary_percent %s -> %s', s.canary_percent, v_next);
  PERFORM set_config('reembed.reason', reason, true);
  BEGIN
    UPDATE reembed.setting AS g SET canary_percent = v_next WHERE g.target = v_target;
  EXCEPTION WHEN SQLSTATE 'RE001' THEN
    action := format('canary_percent stays %s', s.canary_percent);
    reason := SQLERRM;
    INSERT INTO reembed.event (target, campaign, kind, from_value, to_value, reason)
    VALUES (v_target, (SELECT m.name FROM reembed.campaign AS m WHERE m.target = v_target AND m.phase <> 'contract'), 'canary_growth', s.canary_percent, 'withheld', reason);
  END;
  PERFORM set_config('reembed.reason', '', true);
  RETURN NEXT;
END;
$$;
COMMENT ON FUNCTION reembed.grow_canary IS 'Raises the canary to its next step when it was healthy for canary_step_time, or records why the gate refused; then it waits ten minutes. Returns what it did.';
