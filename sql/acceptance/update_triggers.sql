-- Without triggers UPDATE OF columns: they do not fire, because none of them names the column that the campaign adds.
CREATE OR REPLACE FUNCTION reembed.update_triggers(p_relation regclass) RETURNS TABLE (trigger text, calls text, is_for_each_row boolean)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT DISTINCT g.tgname::text, format('%I.%I', n.nspname, p.proname), (g.tgtype & 1) > 0
    FROM pg_trigger AS g JOIN pg_proc AS p ON p.oid = g.tgfoid JOIN pg_namespace AS n ON n.oid = p.pronamespace
   WHERE g.tgrelid IN (SELECT p_relation UNION ALL SELECT w.relid FROM pg_partition_tree(p_relation) AS w) AND NOT g.tgisinternal AND g.tgenabled IN ('O', 'A') AND (g.tgtype & 16) > 0 AND cardinality(g.tgattr) = 0
     AND n.nspname <> 'reembed'
   ORDER BY 1
$$;
COMMENT ON FUNCTION reembed.update_triggers IS 'Triggers of the user that fire when a vector is stored in a column of the table, and what they call.';
