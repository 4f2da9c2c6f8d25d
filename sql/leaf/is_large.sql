CREATE OR REPLACE FUNCTION reembed.is_large(p_leaf regclass) RETURNS boolean
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT coalesce(reembed.blocks(p_leaf) >= 10, false)
$$;
COMMENT ON FUNCTION reembed.is_large IS 'Whether a leaf has so many rows that searching it without an index takes long, and building one blocks writes for long.';
