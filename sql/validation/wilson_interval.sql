CREATE OR REPLACE FUNCTION reembed.wilson_interval(p_hits bigint, p_n bigint, OUT low double precision, OUT high double precision)
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT greatest(w.centre - w.half, 0), least(w.centre + w.half, 1)
    FROM (SELECT (p_hits + z.z2 / 2) / (p_n + z.z2) AS centre,
                 sqrt(z.z2) / (p_n + z.z2) * sqrt(p_hits * (p_n - p_hits) / p_n::double precision + z.z2 / 4) AS half
            FROM (SELECT 1.959964::double precision ^ 2 AS z2) AS z) AS w
$$;
COMMENT ON FUNCTION reembed.wilson_interval IS '95 % interval of a share by p_hits of p_n, which is at least 1 (Wilson, Journal of the American Statistical Association 22, 1927).';
