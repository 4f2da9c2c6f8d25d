-- The overlap of two good models differs from table to table. Without a threshold the last validation is the reference, preferably one by queries: with rows
-- as queries models agree more. Overlap cannot tell which model is at fault; the known items can. Any reader of the live view can record false shadow reads,
-- so an alert from them is only a notice until a worker measures the same.
CREATE OR REPLACE FUNCTION reembed.check_shadow(p_target text)
RETURNS TABLE (kind text, severity text, model text, is_bad boolean, message text, details jsonb)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  s reembed.setting;
  m reembed.campaign;
  r record;
  v_min_overlap numeric;
  v_blamed text;
  v_is_slow boolean;
BEGIN
  SELECT * INTO STRICT s FROM reembed.setting WHERE target = p_target;
  SELECT * INTO m FROM reembed.campaign WHERE target = p_target AND phase IN ('index', 'switch');
  -- Errors are counted among the newest reads, results compared among the newest that have some: a few errors must not hide the rest.
  WITH recent AS (
    SELECT x.*, CASE WHEN x.served_model = m.to_model THEN x.served_ms ELSE x.shadow_ms END AS new_ms, CASE WHEN x.served_model = m.to_model THEN x.shadow_ms ELSE x.served_ms END AS old_ms,
           row_number() OVER (ORDER BY x.id DESC) AS place, row_number() OVER (PARTITION BY x.error IS NULL ORDER BY x.id DESC) AS place_of_kind
      FROM reembed.shadow_read AS x
     WHERE x.target = p_target AND x.k IS DISTINCT FROM 0 AND x.at > greatest(clock_timestamp() - s.watch_window, m.created_at)
       AND x.served_model IN (m.from_model, m.to_model) AND x.shadow_model IN (m.from_model, m.to_model)
  )
  SELECT a.*, c.* INTO r
    FROM (SELECT count(*) AS reads, count(n.error) FILTER (WHERE n.shadow_model = m.to_model) AS errors, max(n.error) FILTER (WHERE n.shadow_model = m.to_model) AS error
            FROM recent AS n WHERE n.place <= s.shadow_sample) AS a,
         (SELECT count(*) AS compared, avg(n.overlap) AS overlap, percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY n.new_ms) AS new_ms,
                 percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY n.old_ms) AS old_ms
            FROM recent AS n WHERE n.error IS NULL AND n.place_of_kind <= s.shadow_sample) AS c;

  v_min_overlap := coalesce(s.min_shadow_overlap, (SELECT v.overlap::numeric / 2 FROM reembed.validation AS v WHERE v.campaign = m.name AND v.verdict <> 'fail'
                                                    ORDER BY v.query_source = 'rows', v.finished_at DESC, v.id DESC LIMIT 1));
  v_blamed := CASE WHEN reembed.known_item_share(p_target, m.from_model) < s.min_known_items
                    AND NOT coalesce(reembed.known_item_share(p_target, m.to_model) < s.min_known_items, false) THEN m.from_model ELSE m.to_model END;
  RETURN QUERY SELECT 'overlap', 'notice', v_blamed,
                      CASE WHEN m.name IS NULL OR v_min_overlap IS NULL THEN false WHEN r.compared >= s.shadow_sample THEN r.overlap < v_min_overlap END,
                      format('%s and %s share %s of their results in %s; at least %s is expected', m.from_model, m.to_model,
                             round(r.overlap::numeric, 3), reembed.counted(r.compared, 'shadow read'), round(v_min_overlap, 3)),
                      jsonb_build_object('overlap', r.overlap, 'expected', v_min_overlap, 'shadow_reads', r.compared);

  v_is_slow := reembed.is_slower(reembed.known_item_ms(p_target, m.to_model), reembed.known_item_ms(p_target, m.from_model), s.max_latency_ratio);
  RETURN QUERY SELECT 'latency', CASE WHEN v_is_slow THEN 'warning' ELSE 'notice' END, m.to_model,
                      CASE WHEN m.name IS NULL OR s.max_latency_ratio IS NULL THEN false
                           WHEN r.compared >= s.shadow_sample THEN reembed.is_slower(r.new_ms[1], r.old_ms[1], s.max_latency_ratio) END,
                      format('the median search takes %s ms with %s and %s ms with %s (max_latency_ratio: %s)', round(r.new_ms[1]::numeric, 1), m.to_model,
                             round(r.old_ms[1]::numeric, 1), m.from_model, s.max_latency_ratio),
                      jsonb_build_object('new_ms', r.new_ms[1], 'old_ms', r.old_ms[1], 'new_ms_p95', r.new_ms[2], 'old_ms_p95', r.old_ms[2], 'shadow_reads', r.compared);

  RETURN QUERY SELECT 'shadow_errors', 'notice', m.to_model,
                      CASE WHEN m.name IS NULL OR s.max_shadow_errors IS NULL THEN false
                           WHEN r.reads >= s.shadow_sample THEN r.errors > s.max_shadow_errors * r.reads END,
                      format('%s of %s failed with %s (%s)', reembed.count_text(r.errors), reembed.counted(r.reads, 'search', 'searches'), m.to_model, r.error),
                      jsonb_build_object('errors', r.errors, 'shadow_reads', r.reads, 'error', r.error);
END;
$$;
COMMENT ON FUNCTION reembed.check_shadow IS 'Check of the watch: overlap, latency and errors of the new model in the newest shadow reads.';
