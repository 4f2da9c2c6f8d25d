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
           'schema', (SELECT quote_ident(n.nspname) FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE c.oid = v.relation))
    FROM reembed.campaign AS m
    JOIN reembed.target AS t ON t.name = m.target
   CROSS JOIN LATERAL (SELECT coalesce(m.to_relation, t.relation) AS relation) AS v
   WHERE m.name = p_name;
$$;
COMMENT ON FUNCTION reembed.present_names IS 'Present names, quoted: a campaign''s table, also as a literal, the relation and columns of its new vectors, and the schema of their index.';
