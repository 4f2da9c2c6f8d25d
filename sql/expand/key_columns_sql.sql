CREATE OR REPLACE FUNCTION reembed.key_columns_sql(p_target text, p_row text DEFAULT NULL) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT string_agg(coalesce(p_row || '.', '') || quote_ident(k.name), ', ' ORDER BY k.position)
    FROM reembed.target AS t, unnest(t.key_columns) WITH ORDINALITY AS k(name, position)
   WHERE t.name = p_target
$$;
COMMENT ON FUNCTION reembed.key_columns_sql IS 'The key columns of a target as a list, of the row of that name where one is given.';
