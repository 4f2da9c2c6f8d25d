CREATE OR REPLACE FUNCTION reembed.attnum(p_relation regclass, p_column name) RETURNS smallint
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_attnum smallint;
BEGIN
  SELECT a.attnum INTO v_attnum FROM pg_attribute AS a WHERE a.attrelid = p_relation AND a.attname = p_column AND NOT a.attisdropped;
  IF NOT FOUND THEN
    RAISE EXCEPTION '% has no column %', p_relation, p_column USING ERRCODE = '42703';
  END IF;
  RETURN v_attnum;
END;
$$;
COMMENT ON FUNCTION reembed.attnum IS 'Number of a column of a table.';
