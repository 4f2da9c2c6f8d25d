CREATE OR REPLACE FUNCTION reembed.search_function_name(p_kind text, p_view name) RETURNS name
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE WHEN octet_length(w.long) <= 63 THEN w.long ELSE left(w.long, 40) || '_' || left(md5(w.long), 8) END::name
    FROM (SELECT p_kind || '_' || regexp_replace(p_view, '_live$', '') AS long) AS w
$$;
COMMENT ON FUNCTION reembed.search_function_name IS 'Name of the function that searches through a view (nearest), or over the bridge of a live view (bridge).';
