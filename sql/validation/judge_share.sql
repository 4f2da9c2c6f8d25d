CREATE OR REPLACE FUNCTION reembed.judge_share(p_n bigint, p_mean double precision, p_sd double precision, p_threshold double precision,
                                               OUT outcome text, OUT low double precision, OUT high double precision, OUT more_queries bigint)
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  c_95 constant double precision := 1.96;
BEGIN
  SELECT i.low, i.high INTO low, high FROM reembed.cautious_interval(p_n, p_mean, p_sd, 0, 1, c_95) AS i;
  low := greatest(low, 0);
  high := least(high, 1);
  outcome := CASE WHEN low >= p_threshold THEN 'pass' WHEN high < p_threshold THEN 'fail' ELSE 'unsure' END;
  IF outcome = 'unsure' THEN
    more_queries := reembed.more_queries(p_n, p_sd, p_mean - p_threshold, c_95, p_threshold ^ 2 + (1 - p_threshold) ^ 2);
  END IF;
END;
$$;
COMMENT ON FUNCTION reembed.judge_share IS 'Verdict on the mean of p_n shares between 0 and 1 against the smallest that is allowed: pass, fail or unsure; the 95 % interval it uses; and how many more queries would decide.';
