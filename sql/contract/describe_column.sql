CREATE OR REPLACE FUNCTION reembed.describe_column(p_relation regclass, p_column name) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT jsonb_build_object(
           'name', a.attname,
           'type', format_type(a.atttypid, a.atttypmod),
           'not_null', a.attnotnull,
           'default', (SELECT pg_get_expr(d.adbin, d.adrelid) FROM pg_attrdef AS d WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum),
           'storage', a.attstorage,
           'compression', a.attcompression,
           -- Null from PostgreSQL 17 on, -1 before.
           'statistics', coalesce(a.attstattarget, -1),
           'options', (SELECT string_agg(o.option, ', ') FROM unnest(a.attoptions) AS o(option) WHERE starts_with(o.option, 'n_distinct')),
           'grants', a.attacl::text,
           'comment', col_description(a.attrelid, a.attnum),
           'indexes', (SELECT coalesce(jsonb_agg(jsonb_build_object('name', c.relname, 'comment', obj_description(c.oid, 'pg_class'),
                                                                    'statistics', coalesce(x.attstattarget, -1)) ORDER BY c.oid), '[]')
                         FROM pg_class AS c JOIN pg_attribute AS x ON x.attrelid = c.oid AND x.attnum = 1
                        WHERE c.oid IN (SELECT reembed.vector_indexes(p_relation, p_column))))
    FROM pg_attribute AS a
   WHERE a.attrelid = p_relation AND a.attname = p_column;
$$;
COMMENT ON FUNCTION reembed.describe_column IS 'What is needed to recreate a column as it was; its indexes are built again by the migration file.';
