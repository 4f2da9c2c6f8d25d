-- Once they are dropped, from what contract recorded.
CREATE OR REPLACE FUNCTION reembed.old_part_indexes(p_name text) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE WHEN t.part = '' THEN '[]'::jsonb
              WHEN m.old_column IS NOT NULL THEN m.old_column -> 'indexes'
              ELSE (SELECT coalesce(jsonb_agg(jsonb_build_object('name', i.name, 'comment', obj_description(i.index::oid, 'pg_class'), 'statistics', coalesce(a.attstattarget, -1), 'schema', i.schema, 'statement',
                                                regexp_replace(pg_get_indexdef(i.index), '^CREATE (UNIQUE )?INDEX ', 'CREATE \1INDEX CONCURRENTLY IF NOT EXISTS ')) ORDER BY i.name), '[]')
                      FROM reembed.part_indexes(m.name) AS i JOIN pg_attribute AS a ON a.attrelid = i.index AND a.attnum = 1 WHERE i.kind = 'own') END
    FROM reembed.campaign AS m JOIN reembed.target AS t ON t.name = m.target WHERE m.name = p_name
$$;
COMMENT ON FUNCTION reembed.old_part_indexes IS 'The indexes of the old vectors of a part that contract drops and its rollback builds again, each with the statement that builds it.';
