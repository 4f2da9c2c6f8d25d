-- What the name of the index adds to the name of the table is added to the name of the leaf.
CREATE OR REPLACE FUNCTION reembed.leaf_index_name(p_leaf regclass, p_relation regclass, p_name name) RETURNS name
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT (
  SELECT CASE WHEN octet_length(w.name) <= 63 THEN w.name ELSE convert_from(substr(convert_to(w.name, 'SQL_ASCII'), 1, 50), 'SQL_ASCII') || '_' || left(md5(w.name), 8) END::name
    FROM (SELECT l.relname || CASE WHEN starts_with(p_name::text, r.relname || '_') THEN substr(p_name::text, length(r.relname) + 1) ELSE '_' || p_name END AS name
            FROM pg_class AS l, pg_class AS r WHERE l.oid = p_leaf AND r.oid = p_relation) AS w
)
$$;
COMMENT ON FUNCTION reembed.leaf_index_name IS 'Name of an index on a leaf, from the name that an index on the whole table would have.';
