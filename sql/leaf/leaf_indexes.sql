-- From the patterns of a campaign on a partitioned table: rows of planned_index without a leaf. A leaf that is not recorded yet gets the names it will have.
CREATE OR REPLACE FUNCTION reembed.leaf_indexes(p_name text)
RETURNS TABLE (leaf regclass, pattern integer, is_recorded boolean, old_name name, name name, final_name name, present_name name, is_main boolean, is_valid boolean, statement text, drop_statement text, restored_name name, old_statement text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
#variable_conflict use_column
BEGIN
  IF NOT EXISTS (SELECT FROM reembed.planned_index AS p WHERE p.campaign = p_name AND p.leaf IS NULL AND (p.definition IS NOT NULL OR p.old_definition IS NOT NULL)) THEN
    RETURN;
  END IF;
  RETURN QUERY
  SELECT w.leaf, w.pattern, w.is_recorded, w.old_name, w.name, w.final_name, w.present_name, w.is_main, reembed.valid_index(w.leaf, w.present_name) IS NOT NULL,
         replace(replace(replace(w.definition, '{name}', quote_ident(w.present_name)), '{leaf}', w.leaf::text), '{column}', quote_ident(w.column_name)),
         CASE WHEN w.present_name IS NOT NULL THEN format('DROP INDEX CONCURRENTLY IF EXISTS %I.%I', n.nspname, w.present_name) END,
         w.restored_name, replace(replace(w.old_definition, '{name}', quote_ident(w.restored_name)), '{leaf}', w.leaf::text)
    FROM (SELECT l.leaf, p.position AS pattern, k.campaign IS NOT NULL AND (k.old_name IS NOT NULL OR o.name IS NULL) AS is_recorded, o.name AS old_name,
                 coalesce(o.name, reembed.leaf_index_name(l.leaf, t.relation, coalesce(p.old_name, p.final_name))) AS restored_name, f.name, f.final_name, p.is_main, p.definition, p.old_definition,
                 CASE m.phase WHEN 'contract' THEN f.final_name ELSE f.name END AS present_name, reembed.column_name(t.relation, m.to_attnum) AS column_name
            FROM reembed.campaign AS m
            JOIN reembed.target AS t ON t.name = m.target
            JOIN reembed.planned_index AS p ON p.campaign = m.name AND p.leaf IS NULL AND (p.definition IS NOT NULL OR p.old_definition IS NOT NULL)
           CROSS JOIN LATERAL reembed.leaves(t.relation) AS l
            LEFT JOIN reembed.planned_index AS k ON k.campaign = m.name AND k.leaf = l.leaf AND k.pattern = p.position
           CROSS JOIN LATERAL (SELECT coalesce(k.old_name, (
                    SELECT c.relname FROM pg_index AS i JOIN pg_class AS c ON c.oid = i.indexrelid
                     -- After contract the index on the new vectors has the same definition.
                     WHERE i.indrelid = l.leaf AND i.indisvalid AND m.phase <> 'contract' AND p.old_definition = reembed.index_pattern(i.indexrelid) ORDER BY c.oid LIMIT 1)) AS name) AS o
           CROSS JOIN LATERAL (SELECT CASE WHEN p.definition IS NOT NULL THEN coalesce(k.name, reembed.leaf_index_name(l.leaf, t.relation, p.name)) END AS name,
                                      coalesce(k.final_name, CASE WHEN p.definition IS NOT NULL THEN coalesce(o.name, reembed.leaf_index_name(l.leaf, t.relation, p.final_name)) END) AS final_name) AS f
           WHERE m.name = p_name) AS w
    JOIN pg_class AS c ON c.oid = w.leaf JOIN pg_namespace AS n ON n.oid = c.relnamespace
   ORDER BY w.pattern, w.leaf;
END;
$$;
COMMENT ON FUNCTION reembed.leaf_indexes IS 'The indexes on the new vectors that each leaf of a partitioned table has or needs, the old index that each succeeds, and the statements that build and drop them; no row for other tables.';
