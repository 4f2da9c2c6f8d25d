CREATE OR REPLACE FUNCTION reembed.bytes_sql(p_relation regclass) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT reembed.render(
    CASE WHEN reembed.is_partitioned(p_relation) THEN '(SELECT sum(pg_relation_size(p.relid)) FROM pg_partition_tree({relation}::regclass) AS p)'
         ELSE 'pg_relation_size({relation}::regclass)' END,
    jsonb_build_object('relation', quote_literal(p_relation::text)))
$$;
COMMENT ON FUNCTION reembed.bytes_sql IS 'SQL of the size of a table, with all its leaves, without indexes and TOAST.';
