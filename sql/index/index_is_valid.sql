CREATE OR REPLACE FUNCTION reembed.index_is_valid(p_name text) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
RETURN (
  SELECT m.index_name IS NULL
         OR EXISTS (SELECT FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid
                     WHERE i.indrelid = coalesce(m.to_relation, t.relation) AND c.relname = m.index_name AND i.indisvalid AND i.indisready)
    FROM reembed.campaign AS m JOIN reembed.target AS t ON t.name = m.target
   WHERE m.name = p_name
);
COMMENT ON FUNCTION reembed.index_is_valid IS 'Whether the index on the new vectors exists and is usable; true when no index is wanted.';
