CREATE OR REPLACE FUNCTION reembed.index_is_valid(p_name text) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT reembed.missing_indexes(p_name) IS NULL;
$$;
COMMENT ON FUNCTION reembed.index_is_valid IS 'Whether the indexes on the new vectors exist and are usable; true when the campaign has none.';
