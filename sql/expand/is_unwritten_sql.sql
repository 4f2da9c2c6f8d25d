-- An application that stores its own vector with the new text keeps it. A vector that an update leaves alone keeps its place
-- in the TOAST table; told by that, it need not be read, which is most of what these triggers would cost.
CREATE OR REPLACE FUNCTION reembed.is_unwritten_sql(p_column name) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT format(CASE WHEN current_setting('server_version_num')::integer >= 170000
                     THEN '(pg_column_toast_chunk_id(OLD.%1$I) IS NOT DISTINCT FROM pg_column_toast_chunk_id(NEW.%1$I) AND pg_column_toast_chunk_id(NEW.%1$I) IS NOT NULL OR NEW.%1$I OPERATOR(%2$I.=) OLD.%1$I)'
                     ELSE '(NEW.%1$I OPERATOR(%2$I.=) OLD.%1$I)' END, p_column, n.nspname)
    FROM pg_extension AS e JOIN pg_namespace AS n ON n.oid = e.extnamespace WHERE e.extname = 'vector'
$$;
COMMENT ON FUNCTION reembed.is_unwritten_sql IS 'SQL that says, in a trigger function, whether an update left a vector column alone.';
