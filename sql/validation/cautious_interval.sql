-- Agresti and Coull, "Approximate is better than exact for interval estimation of binomial proportions", The American Statistician 52(2), 1998: two more
-- observations, one at each end of the scale. Without them a few equal queries would have an interval of length zero.
CREATE OR REPLACE FUNCTION reembed.cautious_interval(p_n bigint, p_mean double precision, p_sd double precision, p_lowest double precision, p_highest double precision, p_z double precision,
                                                     OUT mean double precision, OUT error double precision, OUT low double precision, OUT high double precision)
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_n constant double precision := p_n + 2;
  v_half double precision;
BEGIN
  mean := (p_n * coalesce(p_mean, 0) + p_lowest + p_highest) / v_n;
  error := sqrt((greatest(p_n - 1, 0) * coalesce(p_sd, 0) ^ 2 + p_n * (coalesce(p_mean, 0) - mean) ^ 2 + (p_lowest - mean) ^ 2 + (p_highest - mean) ^ 2) / (v_n - 1) / v_n);
  v_half := reembed.t_quantile(p_z, v_n - 1) * error;
  low := mean - v_half;
  high := mean + v_half;
END;
$$;
COMMENT ON FUNCTION reembed.cautious_interval IS 'Interval of a mean over p_n queries with standard deviation p_sd, by Student''s t after one query at p_lowest and one at p_highest were added. p_z: half its length in standard errors of the normal distribution.';
