CREATE OR REPLACE FUNCTION reembed.index_is_valid(p_name text) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT m.index_name IS NULL OR reembed.valid_index(coalesce(m.to_relation, t.relation), m.index_name) IS NOT NULL
    FROM reembed.campaign AS m JOIN reembed.target AS t ON t.name = m.target
   WHERE m.name = p_name;
$$;
COMMENT ON FUNCTION reembed.index_is_valid IS 'Whether the index on the new vectors exists and is usable; true when no index is wanted.';
