-- The same two variants as in row_condition(), but a renamed column is looked up by its number. -1, because a variable of type character
-- without a length is a character(1).
CREATE OR REPLACE FUNCTION reembed.row_value(p_relation regclass, p_attnum smallint) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE WHEN current_setting('server_version_num')::integer >= 180000 THEN format(E'LANGUAGE sql IMMUTABLE PARALLEL SAFE\nRETURN (r).%I', a.attname)
         ELSE E'LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp\nAS ' || reembed.dollar_quote(format(
           ' DECLARE v_value %s; BEGIN RETURN (r).%I; EXCEPTION WHEN undefined_column THEN EXECUTE pg_catalog.format(''SELECT ($1).%%I'', (SELECT a.attname FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = %s AND a.attnum = %s)) INTO v_value USING r; RETURN v_value; END ',
           format_type(a.atttypid, -1), a.attname, p_relation::oid, p_attnum)) END
    FROM pg_attribute AS a WHERE a.attrelid = p_relation AND a.attnum = p_attnum
$$;
COMMENT ON FUNCTION reembed.row_value IS 'The definition of a compiled function that returns one column of a row.';
