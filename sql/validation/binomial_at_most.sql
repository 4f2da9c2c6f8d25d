-- The terms are summed in order, each from the one before, in logarithms: the first one alone, (1 - p)^n, underflows for a large n.
CREATE OR REPLACE FUNCTION reembed.binomial_at_most(p_hits bigint, p_trials bigint, p_share double precision) RETURNS double precision
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_sum double precision := 0;
  v_term double precision;
  -- exp() raises an error below.
  c_least constant double precision := -700;
BEGIN
  IF p_hits < 0 THEN RETURN 0; END IF;
  IF p_hits >= p_trials OR p_share <= 0 THEN RETURN 1; END IF;
  IF p_share >= 1 THEN RETURN 0; END IF;
  v_term := p_trials * ln(1 - p_share);
  FOR v_hit IN 0 .. p_hits LOOP
    IF v_hit > 0 THEN
      v_term := v_term + ln((p_trials - v_hit + 1)::double precision / v_hit * p_share / (1 - p_share));
    END IF;
    IF v_term > c_least THEN
      v_sum := v_sum + exp(v_term);
    END IF;
  END LOOP;
  RETURN least(v_sum, 1);
END;
$$;
COMMENT ON FUNCTION reembed.binomial_at_most IS 'Probability of at most so many hits in so many trials, each of which hits with a probability of p_share: the distribution function of the binomial distribution.';
