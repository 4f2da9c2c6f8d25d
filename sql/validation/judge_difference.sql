-- Pocock, "Group sequential methods in the design and analysis of clinical trials", Biometrika 64(2), 1977: with the same boundary at each of at most five
-- looks, 2.413 keeps the error of all looks together at 2.5 % on one side, and 2.122 at 5 %. To pass wrongly costs more than to fail wrongly.
CREATE OR REPLACE FUNCTION reembed.judge_difference(p_n bigint, p_mean double precision, p_sd double precision, p_margin double precision,
                                                    OUT outcome text, OUT low double precision, OUT high double precision, OUT more_queries bigint)
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  c_pass constant double precision := 2.413;
  c_fail constant double precision := 2.122;
  i record;
BEGIN
  i := reembed.cautious_interval(p_n, p_mean, p_sd, -1, 1, c_pass);
  low := i.low;
  high := i.mean + reembed.t_quantile(c_fail, p_n + 1) * i.error;
  outcome := CASE WHEN low > -p_margin THEN 'pass' WHEN high < -p_margin THEN 'fail' ELSE 'unsure' END;
  IF outcome = 'unsure' THEN
    more_queries := reembed.more_queries(p_n, p_sd, p_mean + p_margin, CASE WHEN p_mean > -p_margin THEN c_pass ELSE c_fail END, 2);
  END IF;
END;
$$;
COMMENT ON FUNCTION reembed.judge_difference IS 'Verdict on p_n paired differences (new minus old) against a margin: pass, fail or unsure; the bounds it uses; and how many more queries would decide, null when no sensible number does.';
