-- The same two variants as key_begin and key_end in key_names().
CREATE OR REPLACE FUNCTION reembed.join_value_names(p_target text) RETURNS TABLE (n integer, names jsonb)
LANGUAGE sql STABLE ROWS 9
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT c.n, jsonb_build_object(
           'n', c.n, 'k', c.place, 'joined', c.relation::text, 'column', c.column_name, 'type', c.type,
           'value_begin', CASE WHEN v.is_parsed THEN E'LANGUAGE sql IMMUTABLE PARALLEL SAFE\nRETURN '
                               ELSE format(E'LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp\nAS $row$ DECLARE v_value %s; BEGIN RETURN ', c.type) END,
           'value_end', CASE WHEN v.is_parsed THEN ''
                             ELSE format('; EXCEPTION WHEN undefined_column THEN EXECUTE pg_catalog.format(''SELECT ($1).%%I'', (SELECT a.attname FROM pg_catalog.pg_attribute AS a WHERE a.attrelid = %s AND a.attnum = %s)) INTO v_value USING r; RETURN v_value; END $row$',
                                         c.relation::oid, c.attnum) END)
    FROM reembed.join_columns(p_target) AS c
   CROSS JOIN (SELECT current_setting('server_version_num')::integer >= 180000 AS is_parsed) AS v
$$;
COMMENT ON FUNCTION reembed.join_value_names IS 'Placeholders for each compared column of the tables that the text of a target is joined from.';
