-- Several workers may check at the same time. Only one writes what it saw, and none waits for another's row.
CREATE OR REPLACE FUNCTION reembed.check_throttle_signals(p_target text) RETURNS TABLE (signal text, effect text, reason text)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  v_writes constant boolean := pg_try_advisory_xact_lock(hashtext('reembed.throttle'), hashtext(p_target));
BEGIN
  RETURN QUERY
    WITH seen AS MATERIALIZED (SELECT * FROM reembed.throttle_signals(p_target)),
         gone AS (DELETE FROM reembed.throttle AS h WHERE v_writes AND h.target = p_target AND h.signal NOT IN (SELECT signal FROM seen)),
         written AS (
           INSERT INTO reembed.throttle AS h (target, signal, effect, reason) SELECT p_target, signal, effect, reason FROM seen WHERE v_writes
           ON CONFLICT (target, signal) DO UPDATE SET effect = excluded.effect, reason = excluded.reason, seen_at = excluded.seen_at)
    SELECT signal, effect, reason FROM seen;
END;
$$;
COMMENT ON FUNCTION reembed.check_throttle_signals IS 'Checks the throttle signals, stores them for reembed.health, and returns them.';
