-- Several workers may look at the same time: each writes what it saw, and none waits for another's row.
CREATE OR REPLACE FUNCTION reembed.look_for_trouble(p_target text) RETURNS TABLE (signal text, effect text, reason text)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  IF pg_try_advisory_xact_lock(hashtext('reembed.throttle'), hashtext(p_target)) THEN
    DELETE FROM reembed.throttle AS h WHERE h.target = p_target AND h.signal NOT IN (SELECT g.signal FROM reembed.throttle_signals(p_target) AS g);
    INSERT INTO reembed.throttle AS h (target, signal, effect, reason)
    SELECT p_target, g.signal, g.effect, g.reason FROM reembed.throttle_signals(p_target) AS g
    ON CONFLICT (target, signal) DO UPDATE SET effect = excluded.effect, reason = excluded.reason, seen_at = excluded.seen_at;
  END IF;
  RETURN QUERY SELECT g.signal, g.effect, g.reason FROM reembed.throttle_signals(p_target) AS g;
END;
$$;
COMMENT ON FUNCTION reembed.look_for_trouble IS 'Looks for signs of trouble, puts them where reembed.health shows them, and returns them.';
