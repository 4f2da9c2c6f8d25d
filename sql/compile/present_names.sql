-- For the migration files, so that they find a table that was renamed after they were written.
CREATE OR REPLACE FUNCTION reembed.present_names(p_name text) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT jsonb_build_object(
           'table', t.relation::text,
           'table_literal', quote_literal(t.relation::text),
           'vectors', v.relation::text,
           'column', quote_ident(reembed.column_name(v.relation, m.to_attnum)),
           'version', quote_ident(reembed.column_name(v.relation, m.to_version_attnum)),
           'leafIndexes', (SELECT coalesce(jsonb_agg(jsonb_build_object('name', i.present_name, 'literal', quote_literal(i.present_name), 'statement', i.statement, 'drop', i.drop_statement)), '[]') FROM reembed.leaf_indexes(m.name) AS i WHERE i.name IS NOT NULL),
           'oldLeafIndexes', (SELECT coalesce(jsonb_agg(jsonb_build_object('name', i.restored_name, 'literal', quote_literal(i.restored_name), 'statement', i.old_statement)), '[]') FROM reembed.leaf_indexes(m.name) AS i WHERE i.old_statement IS NOT NULL),
           'partIndexes', (SELECT coalesce(jsonb_agg(jsonb_build_object('literal', quote_literal(p.name), 'statement', w.statement) ORDER BY p.position), '[]')
                             FROM reembed.planned_index AS p CROSS JOIN LATERAL (SELECT reembed.part_index_statement(m.name, p.position) AS statement) AS w WHERE p.campaign = m.name AND t.part <> '' AND w.statement IS NOT NULL),
           'movedIndexes', (SELECT coalesce(jsonb_agg(jsonb_build_object('drop', format('DROP INDEX CONCURRENTLY IF EXISTS %I.%I', w.nspname, p.final_name)) ORDER BY p.position), '[]')
                              FROM reembed.planned_index AS p CROSS JOIN (SELECT n.nspname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = t.relation) AS w WHERE p.campaign = m.name AND p.name IS NOT NULL AND t.part <> ''),
           'oldPartIndexes', (SELECT coalesce(jsonb_agg(jsonb_build_object('statement', i.value ->> 'statement', 'drop', format('DROP INDEX CONCURRENTLY IF EXISTS %I.%I', i.value ->> 'schema', i.value ->> 'name'))), '[]') FROM jsonb_array_elements(reembed.old_part_indexes(m.name)) AS i(value)),
           'schema', (SELECT quote_ident(n.nspname) FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = v.relation))
    FROM reembed.campaign AS m
    JOIN reembed.target AS t ON t.name = m.target
   CROSS JOIN LATERAL (SELECT coalesce(m.to_relation, t.relation) AS relation) AS v
   WHERE m.name = p_name;
$$;
COMMENT ON FUNCTION reembed.present_names IS 'Present names, quoted: a campaign''s table, also as a literal, the relation and columns of its new vectors, and the schema of their index. Of a partitioned table, also the indexes of its leaves; of a part, those on the column of the table.';
