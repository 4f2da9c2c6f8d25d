-- For the gate, which needs the total in one statement and cannot commit. The workers sweep the rest in portions.
CREATE OR REPLACE FUNCTION reembed.sweep(p_name text) RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_relation constant regclass := (SELECT t.relation FROM reembed.campaign AS m JOIN reembed.target AS t ON t.name = m.target WHERE m.name = p_name);
  -- The rows of a leaf are held in memory or in a temporary file while they are read; an ordinary table needs neither.
  v_portion constant bigint := CASE WHEN reembed.is_partitioned(v_relation) THEN 10000 ELSE 4294967294 END;
  v_place record := reembed.next_place(v_relation, NULL, NULL);
  v_found record;
  v_missing bigint := 0;
  v_logged bigint := 0;
BEGIN
  WHILE v_place.leaf IS NOT NULL LOOP
    v_found := reembed.log_missing(p_name, 'new', v_place.leaf, v_place.block, v_place.block + v_portion, (1000 - v_logged)::integer);
    v_missing := v_missing + v_found.missing;
    v_logged := v_logged + v_found.logged;
    v_place := reembed.next_place(v_relation, v_place.leaf, v_place.block + v_portion);
  END LOOP;
  UPDATE reembed.campaign SET swept_at = CASE WHEN v_logged < 1000 THEN clock_timestamp() END WHERE name = p_name;
  RETURN v_missing;
END;
$$;
COMMENT ON FUNCTION reembed.sweep IS 'Scans the whole table for rows that lack a new vector and have no change on record, logs up to a thousand of them and returns how many there are.';
