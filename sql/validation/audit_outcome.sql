CREATE OR REPLACE FUNCTION reembed.audit_outcome(p_disagreeing bigint, p_rows bigint, p_is_complete boolean, p_share double precision) RETURNS text
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE
    WHEN p_rows = 0 THEN 'unsure'
    -- The tolerance is for products such as 0.01 * 300.
    WHEN p_is_complete THEN CASE WHEN p_disagreeing <= p_share * p_rows + 1e-9 THEN 'pass' ELSE 'fail' END
    WHEN reembed.binomial_at_most(p_disagreeing, p_rows, p_share) <= 0.05 THEN 'pass'
    WHEN p_disagreeing > p_share * p_rows AND 1 - reembed.binomial_at_most(p_disagreeing - 1, p_rows, p_share) <= 0.05 THEN 'fail'
    ELSE 'unsure'
  END
$$;
COMMENT ON FUNCTION reembed.audit_outcome IS 'Whether the share of disagreeing vectors in a column is at most p_share: pass or fail where the exact binomial test of the audited rows rejects the opposite at 5 %, or every row was audited; otherwise unsure.';
