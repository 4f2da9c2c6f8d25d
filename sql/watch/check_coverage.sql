CREATE OR REPLACE FUNCTION reembed.check_coverage(p_target text)
RETURNS TABLE (kind text, severity text, model text, is_bad boolean, message text, details jsonb)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT 'coverage', 'warning', f.model, coalesce(f.missing > s.max_failed_rows, false),
         format('%s a vector of %s, which readers use, and %s not found (scanned at %s)', reembed.counted(f.missing, 'row lacks', 'rows lack'),
                f.model, CASE f.missing WHEN 1 THEN 'is' ELSE 'are' END, to_char(w.scanned_at, 'YYYY-MM-DD HH24:MI:SS')),
         w.coverage
    FROM reembed.setting AS s
    LEFT JOIN reembed.watch_memory AS w ON w.target = s.target
    LEFT JOIN LATERAL (
      SELECT c.key AS model, (c.value ->> 'missing')::bigint AS missing
        FROM jsonb_each(w.coverage) AS c
        JOIN reembed.vector_column AS v ON v.target = s.target AND v.model = c.key
        JOIN reembed.campaign AS m ON m.name = v.campaign AND m.phase IN ('index', 'switch')
       WHERE v.is_read OR s.canary_percent > 0
       ORDER BY (c.value ->> 'missing')::bigint DESC LIMIT 1) AS f ON true
   WHERE s.target = p_target;
$$;
COMMENT ON FUNCTION reembed.check_coverage IS 'Check of the watch: the last scan of the whole table for rows without a vector.';
