CREATE OR REPLACE FUNCTION reembed.bytes_sql(p_relation regclass) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT format(CASE WHEN reembed.is_partitioned(p_relation) THEN '(SELECT sum(pg_relation_size(p.relid)) FROM pg_partition_tree(%1$L::regclass) AS p)' ELSE 'pg_relation_size(%1$L::regclass)' END, p_relation)
$$;
COMMENT ON FUNCTION reembed.bytes_sql IS 'SQL of the size of a table, with all its leaves, without indexes and TOAST.';
