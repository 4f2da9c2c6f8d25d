-- A server that is busy for the share s of the time answers 1 / (1 - s) times as slowly: M/M/1 queue, mean response time. Half of what is allowed is left to
-- the changed rows, whose writes are not throttled.
CREATE OR REPLACE FUNCTION reembed.largest_write_share(p_max_read_slowdown numeric) RETURNS double precision
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
RETURN coalesce((1 - 1 / p_max_read_slowdown) / 2, 1);
COMMENT ON FUNCTION reembed.largest_write_share IS 'The largest share of the time that a backfill, or contract of a part, may spend on writing: half of what alone would make searches as slow as they may be.';
