-- Until contract these are the new vectors beside those of the application; a side table is ours for good.
CREATE OR REPLACE FUNCTION reembed.own_vectors(p_target text) RETURNS TABLE (relation regclass, column_name name, version_column name, storage text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT v.relation::regclass, v.column_name, v.version_column, v.storage
    FROM reembed.vector_column AS v JOIN reembed.campaign AS m ON m.name = v.campaign JOIN pg_class AS c ON c.oid = v.relation
   WHERE v.target = p_target AND v.column_name IS NOT NULL AND (v.storage = 'side_table' OR v.role = 'new' AND m.phase <> 'contract')
$$;
COMMENT ON FUNCTION reembed.own_vectors IS 'Columns and side tables of vectors that pg-reembed added for a target and that are still there, unless contract has given them to the application.';
