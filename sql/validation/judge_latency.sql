-- A sign test: the median search is too slow when more than half of the searches are.
CREATE OR REPLACE FUNCTION reembed.judge_latency(p_validation bigint) RETURNS TABLE (outcome text, code text, reason text, remedy text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE WHEN w.low > 0.5 THEN 'fail' ELSE 'unsure' END, CASE WHEN w.low > 0.5 THEN 'search_slow' ELSE 'latency_undecided' END,
         format('the median search takes %s ms instead of %s ms, and %s of %s more than max_latency_ratio %s times as long as before and 10 ms longer%s',
                round(t.after::numeric, 1), round(t.before::numeric, 1), reembed.count_text(t.slow), reembed.counted(t.n, 'search takes', 'searches take'), t.ratio, CASE WHEN w.low <= 0.5 THEN ': too few to decide' END),
         CASE WHEN w.low > 0.5 THEN 'tune the index, or change max_latency_ratio with npm run setting' ELSE 'npm run validate, with more queries' END
    FROM (SELECT s.max_latency_ratio AS ratio, count(*) AS n, count(*) FILTER (WHERE q.search_ms_after > s.max_latency_ratio * q.search_ms_before AND q.search_ms_after > q.search_ms_before + 10) AS slow,
                 percentile_cont(0.5) WITHIN GROUP (ORDER BY q.search_ms_before) AS before, percentile_cont(0.5) WITHIN GROUP (ORDER BY q.search_ms_after) AS after
            FROM reembed.validation AS v JOIN reembed.campaign AS m ON m.name = v.campaign JOIN reembed.setting AS s ON s.target = m.target
            JOIN reembed.validation_query AS q ON q.validation = v.id AND q.search_ms_after IS NOT NULL
           WHERE v.id = p_validation AND s.max_latency_ratio IS NOT NULL GROUP BY s.max_latency_ratio) AS t
   CROSS JOIN LATERAL reembed.wilson_interval(t.slow, t.n) AS w
   WHERE w.high >= 0.5
$$;
COMMENT ON FUNCTION reembed.judge_latency IS 'Part of judge_validation(): whether searches of the new model take longer than max_latency_ratio allows.';
