-- Those of the last two rests, and of the last half of the time between two rests: a rest is 7.5 % of a round.
CREATE OR REPLACE FUNCTION reembed.read_probes(p_target text) RETURNS SETOF reembed.read_probe
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT p.* FROM reembed.read_probe AS p
   WHERE p.target = p_target
     AND p.at > clock_timestamp() - (SELECT reembed.rest_milliseconds(p_target)) * CASE WHEN p.is_resting THEN interval '0.03 seconds' ELSE interval '0.007 seconds' END
$$;
COMMENT ON FUNCTION reembed.read_probes IS 'The probes by which searches beside writes are compared with those while workers rest.';
