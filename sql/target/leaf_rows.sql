-- For a partitioned table. A position identifies a row only within a leaf, and a query of the whole table with a position would read all leaves: PostgreSQL
-- prunes partitions by their key, not by tableoid. So the row view's own text is run with the leaf in place of the table. All of it comes from the catalog,
-- and nothing in it is resolved through the application's path. A leaf that was detached or dropped has no rows here.
CREATE FUNCTION reembed.leaf_rows_{suffix}(p_leaf regclass, p_first tid, p_end tid) RETURNS SETOF {row}
LANGUAGE plpgsql STABLE SECURITY DEFINER SET row_security = off
AS $body$
DECLARE
  v_definition text := pg_get_viewdef('{row}'::regclass);
  v_source constant text := format('FROM %s t;', {table_oid}::regclass);
BEGIN
  IF NOT EXISTS (SELECT FROM pg_partition_ancestors(p_leaf) AS a WHERE a.relid = {table_oid}::oid) THEN
    RETURN;
  ELSIF right(v_definition, length(v_source)) <> v_source THEN
    RAISE EXCEPTION 'view {row} does not end with %', v_source USING ERRCODE = 'XX000';
  END IF;
  v_definition := left(v_definition, -length(v_source)) || format('FROM %s t', p_leaf);
  RETURN QUERY EXECUTE format('SELECT * FROM (%s) AS r WHERE r.place >= $1 AND r.place < $2', v_definition) USING p_first, p_end;
END
$body$;
COMMENT ON FUNCTION reembed.leaf_rows_{suffix} IS 'pg-reembed: the rows of one leaf of the table between two positions, as the row view shows them.';
