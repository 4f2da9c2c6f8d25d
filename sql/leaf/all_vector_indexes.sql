CREATE OR REPLACE FUNCTION reembed.all_vector_indexes(p_relation regclass, p_column name) RETURNS SETOF oid
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT reembed.vector_indexes(p_relation, p_column)
  UNION
  SELECT reembed.vector_indexes(l.leaf, p_column) FROM reembed.leaves(p_relation) AS l
$$;
COMMENT ON FUNCTION reembed.all_vector_indexes IS 'Indexes with the vector column as their only key, on a table and on its leaves.';
