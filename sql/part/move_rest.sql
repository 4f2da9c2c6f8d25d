-- A small table need not wait: so short a time of writing delays few searches. A signal halves the share of the time.
CREATE OR REPLACE FUNCTION reembed.move_rest(p_name text, p_first_at timestamptz, p_started_at timestamptz) RETURNS double precision
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE WHEN clock_timestamp() < p_first_at + interval '200 milliseconds' THEN 0
              ELSE least(10, extract(epoch FROM clock_timestamp() - p_started_at) * (1 / w.share - 1)) END::double precision
    FROM reembed.campaign AS m JOIN reembed.setting AS s ON s.target = m.target
   CROSS JOIN LATERAL (SELECT reembed.largest_write_share(s.max_read_slowdown)
                              / CASE WHEN EXISTS (SELECT FROM reembed.throttle_signals(m.target) AS g WHERE g.effect = 'slows') THEN 2 ELSE 1 END AS share) AS w
   WHERE m.name = p_name
$$;
COMMENT ON FUNCTION reembed.move_rest IS 'How many seconds to rest after a portion that was begun at a time, the first one at p_first_at.';
