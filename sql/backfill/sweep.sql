-- For the gate, which asks for the whole number at one moment and cannot commit. What it does not log itself is left to the
-- workers, who go through the table in portions.
CREATE OR REPLACE FUNCTION reembed.sweep(p_name text) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_found record;
BEGIN
  v_found := reembed.log_missing(p_name, 'new', 0, 4294967294);
  UPDATE reembed.campaign SET swept_at = CASE WHEN v_found.logged < 1000 THEN clock_timestamp() END WHERE name = p_name;
  RETURN v_found.missing;
END;
$$;
COMMENT ON FUNCTION reembed.sweep IS 'Searches the whole table for rows that still lack a new vector and are in no change, hands them to the workers and returns how many there are.';
