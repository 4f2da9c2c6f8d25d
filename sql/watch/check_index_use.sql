-- Compares statistics with those of the last check. A small table is rightly read by a sequential scan.
CREATE OR REPLACE FUNCTION reembed.check_index_use(p_target text)
RETURNS TABLE (kind text, severity text, model text, is_bad boolean, message text, details jsonb)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT 'index_use', 'warning', g.model,
         CASE WHEN g.index_scans IS NULL THEN false
              WHEN g.table_scans < 0 OR g.new_index_scans < 0 OR g.table_scans IS NULL OR g.new_index_scans IS NULL THEN NULL
              ELSE g.rows >= 10000 AND g.new_index_scans - g.known_items <= 0 AND g.table_scans >= 10 AND g.rows_scanned >= g.table_scans * g.rows / 2 END,
         format('searches read the whole table: %s of it since the last check, none of the index on the vectors of %s', reembed.counted(g.table_scans, 'scan'), g.model),
         jsonb_build_object('table_scans', g.table_scans, 'index_scans', g.new_index_scans, 'rows_scanned', g.rows_scanned)
    FROM (SELECT n.now ->> 'model' AS model, (n.now ->> 'index_scans')::numeric AS index_scans, (n.now ->> 'rows')::numeric AS rows,
                 (n.now ->> 'index_scans')::numeric - (n.before ->> 'index_scans')::numeric AS new_index_scans,
                 (n.now ->> 'table_scans')::numeric - (n.before ->> 'table_scans')::numeric AS table_scans,
                 (n.now ->> 'rows_scanned')::numeric - (n.before ->> 'rows_scanned')::numeric AS rows_scanned,
                 greatest(0, (n.now ->> 'known_items')::numeric - (n.before ->> 'known_items')::numeric) AS known_items
            FROM (SELECT c.now, CASE WHEN w.statistics ->> 'model' = c.now ->> 'model' THEN w.statistics END AS before
                    FROM (SELECT reembed.scan_statistics(p_target) AS now) AS c LEFT JOIN reembed.watch_memory AS w ON w.target = p_target) AS n) AS g
$$;
COMMENT ON FUNCTION reembed.check_index_use IS 'Check of the watch: whether searches since the last check used the index of the model that is read.';
