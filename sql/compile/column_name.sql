CREATE OR REPLACE FUNCTION reembed.column_name(p_relation regclass, p_attnum smallint) RETURNS name
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
RETURN (SELECT a.attname FROM pg_attribute AS a WHERE a.attrelid = p_relation AND a.attnum = p_attnum AND NOT a.attisdropped);
COMMENT ON FUNCTION reembed.column_name IS 'Present name of a column; null when it has been dropped.';
