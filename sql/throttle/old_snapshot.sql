-- With the owner's rights, because most roles cannot see the snapshots of others. A transaction that has written is in the snapshots of every database; a
-- read-only one matters only in its own database.
CREATE OR REPLACE FUNCTION reembed.old_snapshot(p_age interval DEFAULT '10 seconds') RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT o.text
    FROM (SELECT format('process %s has been in a transaction since %s', a.pid, to_char(a.xact_start, 'YYYY-MM-DD HH24:MI:SS')) AS text, a.xact_start AS since
            FROM pg_stat_activity AS a
           WHERE a.backend_type = 'client backend' AND (a.backend_xid IS NOT NULL OR a.backend_xmin IS NOT NULL AND a.datname = current_database())
             -- The snapshot of a vacuum does not prevent cleanup.
             AND NOT EXISTS (SELECT FROM pg_stat_progress_vacuum AS v WHERE v.pid = a.pid)
          UNION ALL
          SELECT format('prepared transaction %s has been open since %s', p.gid, to_char(p.prepared, 'YYYY-MM-DD HH24:MI:SS')), p.prepared
            FROM pg_prepared_xacts AS p) AS o
   WHERE o.since < clock_timestamp() - p_age
   ORDER BY o.since LIMIT 1;
$$;
COMMENT ON FUNCTION reembed.old_snapshot IS 'The transaction that prevents cleanup of row versions older than p_age; null when there is none.';
