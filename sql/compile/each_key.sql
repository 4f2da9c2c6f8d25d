CREATE OR REPLACE FUNCTION reembed.each_key(p_target text, p_template text, p_separator text DEFAULT ', ', p_side_table regclass DEFAULT NULL) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT string_agg(reembed.render(p_template, k.names), p_separator ORDER BY k.n) FROM reembed.key_names(p_target, p_side_table) AS k
$$;
COMMENT ON FUNCTION reembed.each_key IS 'Renders a template once for each key column of a target; see key_names().';
