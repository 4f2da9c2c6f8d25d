-- A parsed function follows a renamed column. Before PostgreSQL 18 such a function of a row would make ADD COLUMN … DEFAULT fail, so there it is a text that
-- reports a difference after a rename: the row is embedded, perhaps unnecessarily, until up compiles it again. STABLE, because PostgreSQL inlines a function
-- only if its body is no more volatile than its declaration, and the check whether a vector was kept looks at where its value is stored.
CREATE OR REPLACE FUNCTION reembed.row_condition(p_condition text) RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF current_setting('server_version_num')::integer >= 180000 THEN
    RETURN E'LANGUAGE sql STABLE PARALLEL SAFE\nRETURN ' || p_condition;
  END IF;
  RETURN E'LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp\nAS '
    || reembed.dollar_quote(format(' BEGIN RETURN %s; EXCEPTION WHEN undefined_column THEN RETURN true; END ', p_condition));
END;
$$;
COMMENT ON FUNCTION reembed.row_condition IS 'The definition of a compiled function that checks a condition of a row, or of a row before and after an update.';
