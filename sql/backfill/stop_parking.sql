CREATE OR REPLACE FUNCTION reembed.stop_parking(p_target text) RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  -- Skipped while somebody else changes the setting, because the caller holds locks of rows: the next row that fails pauses it.
  UPDATE reembed.setting AS s SET paused = true, paused_by = 'breaker', paused_reason = r.reason
    FROM (SELECT format('%s failed in a short time with %s, the first %s; no other is recorded. Fix the cause, then: npm run setting -- paused=false',
                        reembed.counted(sum(c.rows), 'row'), string_agg(c.class, ', ' ORDER BY c.rows DESC, c.class),
                        (SELECT string_agg(k.key::text, ', ' ORDER BY k.failed_at, k.key)
                           FROM (SELECT f.key, f.failed_at FROM reembed.failed_row AS f WHERE f.target = p_target AND f.class <> ALL (reembed.definite_failures())
                                    AND f.failed_at > now() - interval '10 minutes' ORDER BY f.failed_at, f.key LIMIT 3) AS k)) AS reason
            FROM (SELECT f.class, count(*) AS rows FROM reembed.failed_row AS f
                   WHERE f.target = p_target AND f.class <> ALL (reembed.definite_failures()) AND f.failed_at > now() - interval '10 minutes' GROUP BY f.class) AS c) AS r
   WHERE s.target IN (SELECT o.target FROM reembed.setting AS o WHERE o.target = p_target AND NOT o.paused FOR NO KEY UPDATE SKIP LOCKED)
$$;
COMMENT ON FUNCTION reembed.stop_parking IS 'Pauses a target because too many of its rows failed in a short time, with the classes and the first keys as the reason.';
