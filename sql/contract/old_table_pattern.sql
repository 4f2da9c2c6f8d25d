CREATE OR REPLACE FUNCTION reembed.old_table_pattern(p_name text) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE WHEN reembed.shares_its_name(c.oid) THEN format('(^|[^[:alnum:]_$])"?%s"?\.%s', regexp_replace(n.nspname, '([^[:alnum:]_])', '\\\1', 'g'), substr(reembed.word_pattern(c.relname), length('(^|[^[:alnum:]_$])') + 1))
              ELSE reembed.word_pattern(c.relname) END
    FROM reembed.campaign AS m JOIN reembed.target AS t ON t.name = m.target
    JOIN pg_class AS c ON c.oid = coalesce(m.from_relation, t.relation) JOIN pg_namespace AS n ON n.oid = c.relnamespace
   WHERE m.name = p_name
$$;
COMMENT ON FUNCTION reembed.old_table_pattern IS 'Regular expression that finds the table of the old vectors in a statement: with its schema when another table has the same name.';
