-- Calls no function of the user's: a type whose equality is not PostgreSQL's own is compared by its bytes. COLLATE "C" distinguishes texts that a
-- nondeterministic collation calls equal.
CREATE OR REPLACE FUNCTION reembed.differs_sql(p_relation regclass, p_attnums smallint[], p_old text, p_new text) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT coalesce(string_agg(reembed.render(
           CASE WHEN y.typname IN ('text', 'varchar') AND y.typnamespace = 'pg_catalog'::regnamespace
                  THEN '{old}{column} COLLATE "C" IS DISTINCT FROM {new}{column} COLLATE "C"'
                WHEN y.typname IN ('int2', 'int4', 'int8', 'uuid', 'bool', 'date', 'timestamptz', 'timestamp', 'oid') AND y.typnamespace = 'pg_catalog'::regnamespace
                  THEN '{old}{column} IS DISTINCT FROM {new}{column}'
                ELSE 'ROW({old}{column})::record OPERATOR(pg_catalog.*<>) ROW({new}{column})::record' END,
           jsonb_build_object('old', p_old, 'new', p_new, 'column', quote_ident(a.attname))), ' OR ' ORDER BY k.position), 'false')
    FROM unnest(p_attnums) WITH ORDINALITY AS k(attnum, position)
    JOIN pg_attribute AS a ON a.attrelid = p_relation AND a.attnum = k.attnum
    JOIN pg_type AS y ON y.oid = a.atttypid
$$;
COMMENT ON FUNCTION reembed.differs_sql IS 'SQL that compares columns of a table between two rows; p_old and p_new are the prefixes of the column names, such as OLD. or (o).';
