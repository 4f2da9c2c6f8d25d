CREATE OR REPLACE FUNCTION reembed.valid_main_index(p_name text) RETURNS regclass
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT (
  SELECT coalesce(reembed.valid_index(coalesce(m.to_relation, t.relation), reembed.main_index(p_name)),
                  (SELECT reembed.valid_index(i.leaf, i.present_name) FROM reembed.leaf_indexes(p_name) AS i
                    WHERE i.is_main AND i.is_valid AND reembed.missing_indexes(p_name) IS NULL ORDER BY reembed.blocks(i.leaf) DESC LIMIT 1))
    FROM reembed.campaign AS m JOIN reembed.target AS t ON t.name = m.target WHERE m.name = p_name
)
$$;
COMMENT ON FUNCTION reembed.valid_main_index IS 'The main index where it is usable; of a partitioned table, that of its largest leaf, where no leaf lacks it.';
