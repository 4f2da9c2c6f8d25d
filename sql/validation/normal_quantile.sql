-- P. J. Acklam, "An algorithm for computing the inverse normal cumulative distribution function", 2003; relative error below 1.15e-9.
CREATE OR REPLACE FUNCTION reembed.normal_quantile(p_share double precision) RETURNS double precision
LANGUAGE plpgsql IMMUTABLE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  c_tail constant double precision := 0.02425;
  q double precision;
  r double precision;
BEGIN
  IF p_share > 0.5 THEN
    RETURN -reembed.normal_quantile(1 - p_share);
  ELSIF p_share < c_tail THEN
    q := sqrt(-2 * ln(p_share));
    RETURN (((((-7.784894002430293e-03 * q - 3.223964580411365e-01) * q - 2.400758277161838) * q - 2.549732539343734) * q + 4.374664141464968) * q + 2.938163982698783)
         / ((((7.784695709041462e-03 * q + 3.224671290700398e-01) * q + 2.445134137142996) * q + 3.754408661907416) * q + 1);
  END IF;
  q := p_share - 0.5;
  r := q * q;
  RETURN (((((-3.969683028665376e+01 * r + 2.209460984245205e+02) * r - 2.759285104469687e+02) * r + 1.383577518672690e+02) * r - 3.066479806614716e+01) * r + 2.506628277459239) * q
       / (((((-5.447609879822406e+01 * r + 1.615858368580409e+02) * r - 1.556989798598866e+02) * r + 6.680131188771972e+01) * r - 1.328068155288572e+01) * r + 1);
END;
$$;
COMMENT ON FUNCTION reembed.normal_quantile IS 'Quantile of the standard normal distribution for a share between 0 and 1, both excluded.';
