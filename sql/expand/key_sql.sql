-- The key of a row must read the same in every session; timestamptz would show the time zone of whoever writes it down.
CREATE OR REPLACE FUNCTION reembed.key_sql(p_target text, p_alias text) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
RETURN (
  SELECT 'jsonb_build_object(' || string_agg(format(CASE WHEN a.atttypid = 'timestamptz'::regtype THEN '%L, %s.%I AT TIME ZONE ''UTC''' ELSE '%L, %s.%I' END,
                                                    k.name, p_alias, k.name), ', ' ORDER BY k.position) || ')'
    FROM reembed.target AS t, unnest(t.key_columns) WITH ORDINALITY AS k(name, position), pg_attribute AS a
   WHERE t.name = p_target AND a.attrelid = t.relation AND a.attname = k.name
);
COMMENT ON FUNCTION reembed.key_sql IS 'SQL that gives the key of a row as it stands in stale_row and failed_row.';
