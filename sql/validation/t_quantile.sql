-- Cornish-Fisher expansion: Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.5. At 2.4 it is too small by 0.3 % with 4 degrees of freedom, by
-- less than 0.01 % from 10 on.
CREATE OR REPLACE FUNCTION reembed.t_quantile(p_z double precision, p_degrees double precision) RETURNS double precision
LANGUAGE plpgsql IMMUTABLE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  z2 constant double precision := p_z * p_z;
BEGIN
  RETURN p_z * (1 + (z2 + 1) / (4 * p_degrees)
                  + ((5 * z2 + 16) * z2 + 3) / (96 * p_degrees ^ 2)
                  + (((3 * z2 + 19) * z2 + 17) * z2 - 15) / (384 * p_degrees ^ 3)
                  + ((((79 * z2 + 776) * z2 + 1482) * z2 - 1920) * z2 - 945) / (92160 * p_degrees ^ 4));
END;
$$;
COMMENT ON FUNCTION reembed.t_quantile IS 'Quantile of Student''s t distribution that has the same tail as p_z of the normal distribution.';
