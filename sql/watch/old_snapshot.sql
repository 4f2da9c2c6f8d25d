-- With the owner's rights: the snapshots of others are hidden from most roles.
CREATE OR REPLACE FUNCTION reembed.old_snapshot() RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT format('process %s holds a snapshot since %s', a.pid, to_char(a.xact_start, 'YYYY-MM-DD HH24:MI:SS'))
    FROM pg_stat_activity AS a
   WHERE a.backend_xmin IS NOT NULL AND a.datname = current_database() AND a.backend_type = 'client backend'
     AND a.xact_start < clock_timestamp() - interval '10 seconds'
   ORDER BY a.xact_start LIMIT 1;
$$;
COMMENT ON FUNCTION reembed.old_snapshot IS 'Who keeps row versions of more than ten seconds ago from being cleared away; null when nobody does.';
