-- A server that is busy for the share s of the time answers 1 / (1 - s) times as slowly: M/M/1 queue, mean response time.
CREATE OR REPLACE FUNCTION reembed.largest_write_share(p_max_read_slowdown numeric) RETURNS double precision
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
RETURN coalesce(1 - 1 / p_max_read_slowdown, 1);
COMMENT ON FUNCTION reembed.largest_write_share IS 'The largest share of the time that a backfill, or contract of a part, may spend on writing: more would make searches slower than max_read_slowdown allows, even on a server with a single processor.';
