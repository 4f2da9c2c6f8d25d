CREATE OR REPLACE FUNCTION reembed.key_from_sql(p_target text, p_object text, p_named boolean DEFAULT false) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
RETURN (
  SELECT string_agg(format(CASE WHEN a.atttypid = 'timestamptz'::regtype THEN '((%s ->> %L)::timestamp AT TIME ZONE ''UTC'')' ELSE '(%s ->> %L)::%s' END,
                           p_object, k.name, format_type(a.atttypid, a.atttypmod)) || CASE WHEN p_named THEN format(' AS %I', k.name) ELSE '' END, ', ' ORDER BY k.position)
    FROM reembed.target AS t, unnest(t.key_columns) WITH ORDINALITY AS k(name, position), pg_attribute AS a
   WHERE t.name = p_target AND a.attrelid = t.relation AND a.attname = k.name
);
COMMENT ON FUNCTION reembed.key_from_sql IS 'SQL that takes the key columns, with their types, out of a key as key_sql() makes it, under their names where asked for.';
