CREATE OR REPLACE FUNCTION reembed.scan_coverage(p_target text, p_every interval DEFAULT '1 hour') RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET row_security = off
AS $$
DECLARE
  v_target text := reembed.resolve_target(p_target);
  v_coverage jsonb;
BEGIN
  INSERT INTO reembed.watch_memory (target) VALUES (v_target) ON CONFLICT DO NOTHING;
  IF NOT EXISTS (SELECT FROM reembed.campaign AS m WHERE m.target = v_target AND m.phase IN ('index', 'switch'))
     OR EXISTS (SELECT FROM reembed.watch_memory AS w WHERE w.target = v_target AND w.scanned_at > clock_timestamp() - p_every) THEN
    RETURN false;
  END IF;
  SELECT jsonb_object_agg(v.model, jsonb_build_object('rows', c.total, 'missing', c.missing - c.just_changed)) INTO v_coverage
    FROM reembed.vector_column AS v JOIN reembed.setting AS s ON s.target = v.target, LATERAL reembed.coverage(v.target, v.model) AS c
   WHERE v.target = v_target AND (v.is_read OR s.canary_percent > 0);
  UPDATE reembed.watch_memory SET scanned_at = clock_timestamp(), coverage = v_coverage WHERE target = v_target;
  RETURN true;
END;
$$;
COMMENT ON FUNCTION reembed.scan_coverage IS 'Scans the whole table for rows without a vector of the models that are read, unless that was done less than p_every ago; returns whether it did.';
