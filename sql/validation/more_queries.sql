-- The wanted number n solves distance = z * sqrt((n * sd^2 + s) / n^2), where s is what the two added queries contribute; 0.84 more gives a chance of 80 %.
CREATE OR REPLACE FUNCTION reembed.more_queries(p_n bigint, p_sd double precision, p_distance double precision, p_z double precision, p_added double precision) RETURNS bigint
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_variance constant double precision := (p_z + 0.84) ^ 2 * coalesce(p_sd, 0) ^ 2;
  v_wanted double precision;
  v_step double precision;
BEGIN
  IF p_distance IS NULL OR abs(p_distance) < 1e-4 THEN
    RETURN NULL;
  END IF;
  v_wanted := (v_variance + sqrt(v_variance ^ 2 + 4 * p_added * (p_z + 0.84) ^ 2 * p_distance ^ 2)) / (2 * p_distance ^ 2);
  IF v_wanted > 20000 THEN
    RETURN NULL;
  END IF;
  v_wanted := greatest(v_wanted - p_n, 1);
  v_step := 10 ^ greatest(floor(log(v_wanted)) - 1, 0);
  RETURN ceil(v_wanted / v_step) * v_step;
END;
$$;
COMMENT ON FUNCTION reembed.more_queries IS 'How many queries more than p_n would tell a mean from a threshold at p_distance in four of five cases, if mean and standard deviation stay as they are, rounded up to two digits; null above 20,000.';
