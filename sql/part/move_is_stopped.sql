CREATE OR REPLACE FUNCTION reembed.move_is_stopped(p_name text, p_moving text) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT EXISTS (SELECT FROM reembed.campaign AS m CROSS JOIN LATERAL reembed.throttle_signals(m.target) AS s WHERE m.name = p_name AND m.moving = p_moving AND s.effect = 'stops')
$$;
COMMENT ON FUNCTION reembed.move_is_stopped IS 'Whether a signal of overload stops the moving of vectors, as it stops a backfill.';
