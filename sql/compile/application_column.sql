-- Until contract the column of the old vectors keeps its name; then the new vectors take the name over. A side table is written by nobody but workers.
CREATE OR REPLACE FUNCTION reembed.application_column(p_target text) RETURNS name
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE v.storage WHEN 'column' THEN v.column_name END
    FROM reembed.vector_column AS v WHERE v.target = p_target AND v.column_name IS NOT NULL ORDER BY v.role = 'old' DESC LIMIT 1
$$;
COMMENT ON FUNCTION reembed.application_column IS 'The column into which an application that knows nothing of a campaign writes its vectors; null when its vectors are in a side table.';
