CREATE OR REPLACE FUNCTION reembed.scan_statistics(p_target text) RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT jsonb_build_object(
           'model', v.model,
           'index_scans', (SELECT sum(i.idx_scan) FROM pg_stat_user_indexes AS i
                            WHERE i.indexrelid IN (SELECT reembed.all_vector_indexes(v.relation, v.column_name))),
           'table_scans', (SELECT max(u.seq_scan) FROM pg_stat_user_tables AS u WHERE u.relid IN (SELECT l.leaf FROM reembed.leaves(v.relation) AS l)),
           'rows_scanned', (SELECT sum(u.seq_tup_read) FROM pg_stat_user_tables AS u WHERE u.relid IN (SELECT l.leaf FROM reembed.leaves(v.relation) AS l)),
           'rows', (SELECT sum(c.reltuples) FROM pg_class AS c WHERE c.oid IN (SELECT l.leaf FROM reembed.leaves(v.relation) AS l)),
           'known_items', (SELECT count(*) FROM reembed.known_item AS k WHERE k.target = v.target AND k.model = v.model))
    FROM reembed.vector_column AS v
   WHERE v.target = p_target AND v.is_read;
$$;
COMMENT ON FUNCTION reembed.scan_statistics IS 'How often the vector index and the table of the model that is read have been scanned; index_scans is null without such an index.';
