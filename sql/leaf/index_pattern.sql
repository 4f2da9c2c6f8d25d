CREATE OR REPLACE FUNCTION reembed.index_pattern(p_index oid) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT (
  SELECT format('%s CONCURRENTLY IF NOT EXISTS {name} ON {leaf}%s', v.verb,
                substr(pg_get_indexdef(c.oid), length(format('%s %I ON %s%s', v.verb, c.relname, CASE c.relkind WHEN 'I' THEN 'ONLY ' ELSE '' END, i.indrelid::regclass)) + 1))
    FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid
   CROSS JOIN LATERAL (SELECT CASE WHEN i.indisunique THEN 'CREATE UNIQUE INDEX' ELSE 'CREATE INDEX' END AS verb) AS v
   WHERE i.indexrelid = p_index
)
$$;
COMMENT ON FUNCTION reembed.index_pattern IS 'The statement that builds an index, with {name} and {leaf} in place of its name and its table: equal for the same index on each leaf.';
