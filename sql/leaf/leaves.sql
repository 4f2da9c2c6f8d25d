-- Takes no lock on the leaves, unlike pg_partition_tree(): workers and the watch ask often.
CREATE OR REPLACE FUNCTION reembed.leaves(p_relation regclass) RETURNS TABLE (leaf regclass)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  WITH RECURSIVE tree AS (
    SELECT p_relation::oid AS oid
    UNION ALL
    SELECT i.inhrelid FROM tree AS t JOIN pg_inherits AS i ON i.inhparent = t.oid WHERE NOT i.inhdetachpending
  )
  SELECT c.oid::regclass FROM tree AS t JOIN pg_class AS c ON c.oid = t.oid WHERE c.relkind = 'r' ORDER BY c.oid
$$;
COMMENT ON FUNCTION reembed.leaves IS 'The tables that hold the rows of a table: its partitions, at any level, that are not partitioned themselves; of an ordinary table, itself.';
