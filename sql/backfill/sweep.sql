-- For the gate, which needs the total in one statement and cannot commit. The workers sweep the rest in portions.
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
COMMENT ON FUNCTION reembed.sweep IS 'Scans the whole table for rows that lack a new vector and have no change on record, logs up to a thousand of them and returns how many there are.';
