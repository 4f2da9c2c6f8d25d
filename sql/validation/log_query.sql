-- Runs beside a search of the application: it must cost little, never wait and never fail, not even on a standby or without the target. Queries of roles that
-- may not search are not representative and are not kept. Old queries are deleted at intervals; SKIP LOCKED skips those that another call is deleting.
CREATE OR REPLACE FUNCTION reembed.log_query(p_target text, p_text text, p_caller_key text DEFAULT NULL) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_target text;
  s reembed.setting;
  v_id bigint;
BEGIN
  IF current_setting('transaction_read_only') = 'on' OR NOT EXISTS (SELECT FROM reembed.setting WHERE query_log_percent > 0) THEN
    RETURN false;
  END IF;
  SELECT * INTO s FROM reembed.setting WHERE target = p_target;
  IF NOT FOUND THEN
    BEGIN
      v_target := reembed.resolve_target(p_target);
    EXCEPTION WHEN SQLSTATE 'RE003' THEN
      RETURN false;
    END;
    SELECT * INTO s FROM reembed.setting WHERE target = v_target;
  END IF;
  IF random() * 100 >= s.query_log_percent OR NOT reembed.has_text(p_text) OR NOT reembed.may_read(s.target)
     OR NOT reembed.is_within_rate('reembed.query_log_count') THEN
    RETURN false;
  END IF;
  INSERT INTO reembed.query_log (target, text, model, caller_key) VALUES (s.target, left(p_text, 8000), s.read_model, left(p_caller_key, 200)) RETURNING id INTO v_id;
  IF v_id % greatest(1, least(100, s.query_log_rows / 100)) = 0 THEN
    BEGIN
      DELETE FROM reembed.query_log WHERE id = ANY (ARRAY(
        SELECT l.id
          FROM reembed.setting AS o
         CROSS JOIN LATERAL (SELECT k.id FROM reembed.query_log AS k WHERE k.target = o.target ORDER BY k.id DESC
                             OFFSET o.query_log_rows + 1 - greatest(1, least(100, o.query_log_rows / 100)) LIMIT 1) AS newest_to_go
          JOIN reembed.query_log AS l ON l.target = o.target AND l.id <= newest_to_go.id
           FOR UPDATE OF l SKIP LOCKED));
      DELETE FROM reembed.query_log WHERE id = ANY (ARRAY(
        SELECT l.id FROM reembed.query_log AS l WHERE NOT EXISTS (SELECT FROM reembed.setting AS o WHERE o.target = l.target) FOR UPDATE OF l SKIP LOCKED));
    -- Under an older snapshot some rows may be deleted already; the next call retries.
    EXCEPTION WHEN serialization_failure THEN
      NULL;
    END;
  END IF;
  RETURN true;
END;
$$;
COMMENT ON FUNCTION reembed.log_query IS 'Keeps a share of the application''s queries, set by setting.query_log_percent, for npm run validate -- --queries-from log; returns whether this one was kept.';
