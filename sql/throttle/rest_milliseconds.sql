-- Requests in flight end during a rest, because nothing takes their vectors: searches are then timed as if there were no backfill. Searches without an index
-- take seconds, and a rest is long enough for two of them, but not longer than five seconds.
CREATE OR REPLACE FUNCTION reembed.rest_milliseconds(p_target text) RETURNS double precision
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
RETURN (SELECT least(5000, greatest(1500, 2 * percentile_cont(0.5) WITHIN GROUP (ORDER BY p.milliseconds)))
          FROM (SELECT r.milliseconds FROM reembed.read_probe AS r WHERE r.target = p_target ORDER BY r.at DESC LIMIT 20) AS p);
COMMENT ON FUNCTION reembed.rest_milliseconds IS 'How long workers rest at a time, in milliseconds, so that searches can be timed without the backfill.';
