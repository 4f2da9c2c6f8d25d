CREATE OR REPLACE FUNCTION reembed.key_sql(p_target text, p_alias text) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
RETURN (
  SELECT 'jsonb_build_object(' || string_agg(format('%L, %s.%I', k.name, p_alias, k.name), ', ' ORDER BY k.position) || ')'
    FROM reembed.target AS t, unnest(t.key_columns) WITH ORDINALITY AS k(name, position)
   WHERE t.name = p_target
);
COMMENT ON FUNCTION reembed.key_sql IS 'SQL that gives the key of a row as it stands in stale_row and failed_row.';
