-- Half of the time at most is spent on writing, a tenth while a signal slows the backfill.
CREATE OR REPLACE FUNCTION reembed.move_rest(p_name text, p_started_at timestamptz) RETURNS double precision
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT least(2, extract(epoch FROM clock_timestamp() - p_started_at) * CASE WHEN EXISTS (
           SELECT FROM reembed.campaign AS m CROSS JOIN LATERAL reembed.throttle_signals(m.target) AS s WHERE m.name = p_name AND s.effect = 'slows') THEN 9 ELSE 1 END)::double precision
$$;
COMMENT ON FUNCTION reembed.move_rest IS 'How many seconds to rest after a portion that was begun at a time.';
