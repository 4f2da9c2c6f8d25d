CREATE OR REPLACE FUNCTION reembed.apply_setting() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v record;
BEGIN
  IF NEW.read_model <> OLD.read_model THEN
    UPDATE reembed.campaign
       SET switched_at = CASE WHEN NEW.read_model = to_model THEN now() END
     WHERE target = NEW.target AND phase <> 'contract';
    PERFORM reembed.replace_views(NEW.target);
    PERFORM reembed.sample_index_scans(m.name, true) FROM reembed.campaign AS m WHERE m.target = NEW.target AND m.phase <> 'contract' AND m.switched_at IS NOT NULL;
  END IF;
  -- Nothing was counted while there was no cap.
  IF OLD.max_tokens IS NULL AND OLD.max_usd IS NULL AND (NEW.max_tokens IS NOT NULL OR NEW.max_usd IS NOT NULL) THEN
    DELETE FROM reembed.spending AS p USING reembed.campaign AS m WHERE p.campaign = m.name AND m.target = NEW.target;
  END IF;
  IF NEW.keep_old_current AND NOT OLD.keep_old_current THEN
    UPDATE reembed.campaign SET needs_old_sweep = true WHERE target = NEW.target AND phase <> 'contract';
  END IF;
  IF NEW.maintained_by <> OLD.maintained_by AND NOT EXISTS (SELECT FROM reembed.campaign WHERE target = NEW.target AND phase <> 'contract') THEN
    PERFORM reembed.compile_target(NEW.target);
  END IF;
  IF NEW.candidates <> OLD.candidates THEN
    PERFORM reembed.compile_target(NEW.target);
    PERFORM reembed.replace_views(NEW.target);
  END IF;
  IF NEW.canary_percent <> OLD.canary_percent THEN
    PERFORM reembed.refresh_serving(NEW.target);
  END IF;
  IF NEW.canary_percent > OLD.canary_percent OR NEW.shadow_percent > OLD.shadow_percent THEN
    PERFORM reembed.share_view_grants(NEW.target);
  END IF;
  FOR v IN
    SELECT o.key, o.value AS old_value, n.value AS new_value
      FROM jsonb_each_text(to_jsonb(OLD)) AS o JOIN jsonb_each_text(to_jsonb(NEW)) AS n USING (key)
     WHERE o.value IS DISTINCT FROM n.value AND o.key NOT IN ('updated_at', 'paused_by', 'paused_reason')
  LOOP
    INSERT INTO reembed.event (target, campaign, kind, from_value, to_value, reason, alert)
    VALUES (NEW.target, (SELECT name FROM reembed.campaign WHERE target = NEW.target AND phase <> 'contract'), v.key, v.old_value, v.new_value,
            CASE WHEN v.key = 'paused' AND NEW.paused_reason IS NOT NULL THEN NEW.paused_reason ELSE nullif(current_setting('reembed.reason', true), '') END,
            nullif(current_setting('reembed.alert', true), '')::bigint);
    PERFORM pg_notify('reembed', json_build_object('target', NEW.target, 'setting', v.key, 'value', v.new_value)::text);
  END LOOP;
  RETURN NULL;
END;
$$;
COMMENT ON FUNCTION reembed.apply_setting IS 'Applies a changed setting in the same transaction: views, triggers, audit, notification.';

CREATE OR REPLACE TRIGGER apply_setting AFTER UPDATE ON reembed.setting FOR EACH ROW EXECUTE FUNCTION reembed.apply_setting();
COMMENT ON TRIGGER apply_setting ON reembed.setting IS 'See reembed.apply_setting().';
