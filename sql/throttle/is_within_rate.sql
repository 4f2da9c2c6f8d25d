-- A sequence, because readers call this in their own transactions: it waits for nothing, works at every isolation level, and counts rolled-back calls. Its
-- value is the minute times a billion, plus the count of that minute.
CREATE OR REPLACE FUNCTION reembed.is_within_rate(p_counter regclass) RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_most_a_minute constant bigint := 6000;
  v_minute constant bigint := floor(extract(epoch FROM clock_timestamp()) / 60) * 1000000000;
  v_count bigint := nextval(p_counter) - v_minute;
BEGIN
  IF v_count <= 0 THEN
    v_count := setval(p_counter, v_minute + 1) - v_minute;
  END IF;
  RETURN v_count <= v_most_a_minute;
END;
$$;
COMMENT ON FUNCTION reembed.is_within_rate IS 'Whether readers may record one more row in this minute: 6,000 over all targets. Counts the call.';
