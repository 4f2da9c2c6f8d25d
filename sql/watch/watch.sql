-- A problem must persist for alert_after before an alert is opened; the alert closes when the problem is gone. A check without a result changes nothing.
CREATE OR REPLACE FUNCTION reembed.watch(p_target text DEFAULT NULL) RETURNS TABLE (change text, kind text, severity text, message text)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_target text := reembed.resolve_target(p_target);
  v_check name;
  v_now timestamptz := clock_timestamp();
  v_after interval;
  v_suspected jsonb;
  v_blind text;
  f record;
BEGIN
  INSERT INTO reembed.watch_memory AS w (target) VALUES (v_target) ON CONFLICT (target) DO NOTHING;
  IF EXISTS (SELECT FROM reembed.setting AS s WHERE s.target = v_target AND (s.canary_percent > 0 OR s.shadow_percent > 0)) THEN
    BEGIN
      -- Includes roles that were granted access to the live view since the canary started.
      PERFORM reembed.share_view_grants(v_target);
    EXCEPTION WHEN lock_not_available THEN
      NULL; -- the next check
    END;
  END IF;
  SELECT w.suspected INTO v_suspected FROM reembed.watch_memory AS w WHERE w.target = v_target FOR UPDATE;
  SELECT s.alert_after INTO STRICT v_after FROM reembed.setting AS s WHERE s.target = v_target;
  FOREACH v_check IN ARRAY ARRAY['check_work', 'check_coverage', 'check_index', 'check_index_use', 'check_known_items', 'check_bridge', 'check_shadow', 'check_row_security', 'check_verdict', 'check_written_vectors'] LOOP
    BEGIN
      FOR f IN EXECUTE reembed.render('SELECT * FROM reembed.{check}($1)', jsonb_build_object('check', v_check)) USING v_target LOOP
        IF f.is_bad THEN
          IF EXISTS (SELECT FROM reembed.alert AS a WHERE a.target = v_target AND a.kind = f.kind AND a.closed_at IS NULL) THEN
            UPDATE reembed.alert AS a SET severity = f.severity, model = f.model, message = f.message, details = a.details || f.details, seen_at = v_now
             WHERE a.target = v_target AND a.kind = f.kind AND a.closed_at IS NULL;
          ELSIF v_now - coalesce((v_suspected ->> f.kind)::timestamptz, v_now) >= v_after THEN
            PERFORM reembed.open_alert(v_target, f.kind, f.severity, f.model, f.message, f.details);
            v_suspected := v_suspected - f.kind;
            RETURN QUERY SELECT 'opened', f.kind, f.severity, f.message;
          ELSIF NOT v_suspected ? f.kind THEN
            v_suspected := v_suspected || jsonb_build_object(f.kind, v_now);
          END IF;
        ELSIF NOT f.is_bad THEN
          v_suspected := v_suspected - f.kind;
          IF reembed.close_alert(v_target, f.kind, 'the cause is gone') THEN
            RETURN QUERY SELECT 'closed', f.kind, f.severity, 'the cause is gone';
          END IF;
        END IF;
      END LOOP;
    EXCEPTION WHEN OTHERS THEN
      -- Messages of other classes may quote a row.
      v_blind := format('%s: %s', v_check, CASE WHEN left(SQLSTATE, 2) IN ('08', '40', '42', '53', '54', '55', '57', '58', 'RE') THEN SQLERRM ELSE 'SQLSTATE ' || SQLSTATE END);
    END;
  END LOOP;
  IF v_blind IS NULL THEN
    PERFORM reembed.close_alert(v_target, 'watch', 'the cause is gone');
  ELSIF NOT EXISTS (SELECT FROM reembed.alert AS a WHERE a.target = v_target AND a.kind = 'watch' AND a.closed_at IS NULL) THEN
    PERFORM reembed.open_alert(v_target, 'watch', 'warning', NULL, 'the watch could not run ' || v_blind, '{}');
    RETURN QUERY SELECT 'opened', 'watch', 'warning', 'the watch could not run ' || v_blind;
  END IF;
  UPDATE reembed.watch_memory AS w SET checked_at = v_now, suspected = v_suspected, statistics = reembed.scan_statistics(v_target) WHERE w.target = v_target;
  DELETE FROM reembed.known_item AS k WHERE k.target = v_target AND k.at < v_now - interval '1 day';
  PERFORM reembed.trim_shadow_reads();
  -- Locks that others wait for come last: a switch waits for whoever refreshes this answer, searches wait for ALTER TABLE on a side table. In the order of a
  -- switch, target before side table. The index may have been dropped or become valid.
  PERFORM reembed.refresh_serving(v_target);
  PERFORM reembed.sample_statements(m.name) FROM reembed.campaign AS m WHERE m.target = v_target AND m.phase <> 'contract' AND m.switched_at IS NOT NULL;
  PERFORM reembed.sample_index_scans(m.name) FROM reembed.campaign AS m WHERE m.target = v_target AND m.phase <> 'contract' AND m.switched_at IS NOT NULL;
  BEGIN
    -- Applies grants on the table that were added or revoked, and its row level security.
    PERFORM reembed.share_side_tables(v_target);
    PERFORM reembed.share_schema_views(t.relation) FROM reembed.target AS t WHERE t.name = v_target;
  EXCEPTION WHEN lock_not_available OR insufficient_privilege THEN
    NULL; -- the next check
  END;
END;
$$;
COMMENT ON FUNCTION reembed.watch IS 'Checks a target once: opens and closes alerts, and returns which. Workers call it every minute.';
