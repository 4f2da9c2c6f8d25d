-- With the owner's rights, because other roles cannot see the activity of sessions and standbys. Any one of these signals is enough.
CREATE OR REPLACE FUNCTION reembed.throttle_signals(p_target text) RETURNS TABLE (signal text, effect text, reason text)
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  s reembed.setting;
  v_relations oid[];
  v_bytes numeric;
  v_name text;
  v_count bigint;
  v_resting double precision;
  v_writing double precision;
  v_probes bigint;
  v_slow bigint;
BEGIN
  SELECT * INTO STRICT s FROM reembed.setting WHERE target = p_target;
  SELECT array_agg(r.relation::oid) INTO v_relations
    FROM (SELECT t.relation FROM reembed.target AS t WHERE t.name = p_target
          UNION SELECT l.leaf FROM reembed.target AS t CROSS JOIN LATERAL reembed.leaves(t.relation) AS l WHERE t.name = p_target
          UNION SELECT v.relation FROM reembed.vector_column AS v WHERE v.target = p_target) AS r;

  IF s.max_replica_lag_bytes IS NOT NULL AND NOT pg_is_in_recovery() THEN
    SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), w.replay_lsn), coalesce(nullif(w.application_name, ''), w.client_addr::text, 'a standby') INTO v_bytes, v_name
      FROM pg_stat_replication AS w WHERE w.replay_lsn IS NOT NULL ORDER BY w.replay_lsn LIMIT 1;
    IF v_bytes > s.max_replica_lag_bytes THEN
      RETURN QUERY SELECT 'replica lag', 'stops', format('standby %s is %s behind (max_replica_lag_bytes: %s)', v_name, reembed.bytes_text(v_bytes), reembed.bytes_text(s.max_replica_lag_bytes));
    END IF;
  END IF;

  IF s.max_wal_backlog_bytes IS NOT NULL AND NOT pg_is_in_recovery() THEN
    SELECT b.bytes, b.name INTO v_bytes, v_name
      FROM (SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), r.restart_lsn) AS bytes, 'is kept for replication slot ' || r.slot_name AS name
              FROM pg_replication_slots AS r WHERE r.restart_lsn IS NOT NULL
            UNION ALL
            SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), (substr(a.last_archived_wal, 9, 8) || '/' || substr(a.last_archived_wal, 23, 2) || '000000')::pg_lsn), 'waits to be archived'
              FROM pg_stat_archiver AS a
             WHERE current_setting('archive_mode') <> 'off' AND a.last_archived_wal ~ '^[0-9A-F]{24}$' AND current_setting('wal_segment_size') = '16MB') AS b
     ORDER BY b.bytes DESC LIMIT 1;
    IF v_bytes > s.max_wal_backlog_bytes THEN
      RETURN QUERY SELECT 'WAL backlog', 'stops', format('%s of WAL %s (max_wal_backlog_bytes: %s)', reembed.bytes_text(v_bytes), v_name, reembed.bytes_text(s.max_wal_backlog_bytes));
    END IF;
  END IF;

  IF s.max_lock_waits IS NOT NULL THEN
    -- A session that waits for a row holds a tuple lock while it queues.
    SELECT count(DISTINCT l.pid) INTO v_count FROM pg_locks AS l
     WHERE l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database()) AND l.relation = ANY (v_relations)
       AND (NOT l.granted OR l.locktype = 'tuple') AND l.pid <> pg_backend_pid();
    IF v_count > s.max_lock_waits THEN
      RETURN QUERY SELECT 'lock waits', 'stops', format('%s for locks on the table (max_lock_waits: %s)',
                                                          reembed.counted(v_count, 'session waits', 'sessions wait'), s.max_lock_waits);
    END IF;
  END IF;

  -- By default an ordinary vacuum is no signal: the backfill itself provokes it, and it returns space to the backfill. Only the application's table is checked,
  -- because a side table has little to vacuum while it is being filled.
  IF EXISTS (SELECT FROM pg_stat_progress_vacuum AS v JOIN reembed.target AS t ON v.relid IN (SELECT l.leaf FROM reembed.leaves(t.relation) AS l)
              WHERE t.name = p_target AND (s.yields_to_vacuum OR reembed.prevents_wraparound(v.relid))) THEN
    RETURN QUERY SELECT 'vacuum', 'slows', CASE WHEN s.yields_to_vacuum THEN 'the table is being vacuumed (yields_to_vacuum)' ELSE 'the table is being vacuumed to prevent wraparound' END;
  END IF;

  IF s.max_read_slowdown IS NOT NULL THEN
    SELECT percentile_cont(0.95) WITHIN GROUP (ORDER BY p.milliseconds) FILTER (WHERE p.is_resting),
           percentile_cont(0.95) WITHIN GROUP (ORDER BY p.milliseconds) FILTER (WHERE NOT p.is_resting)
      INTO v_resting, v_writing FROM reembed.read_probes(p_target) AS p;
    -- A difference of less than a millisecond is noise, and the 95th percentile of few probes is one of them: so many must be slow that it is improbable for
    -- searches of which one in twenty is.
    SELECT count(*), count(*) FILTER (WHERE p.milliseconds > greatest(v_resting * s.max_read_slowdown, v_resting + 1))
      INTO v_probes, v_slow FROM reembed.read_probes(p_target) AS p WHERE NOT p.is_resting;
    IF v_slow > 0 AND reembed.binomial_at_most(v_probes - v_slow, v_probes, 0.95) < 0.05 THEN
      RETURN QUERY SELECT 'slow reads', 'slows', format('searches take %s ms while workers write and %s ms while they rest (95th percentile; max_read_slowdown: %s)', round(v_writing::numeric, 1), round(v_resting::numeric, 1), s.max_read_slowdown);
    END IF;
  END IF;

  -- Does not concern the backfill of a side table, which updates nothing.
  IF EXISTS (SELECT FROM reembed.vector_column AS v WHERE v.target = p_target AND v.role = 'new' AND v.storage = 'column') THEN
    v_name := coalesce(reembed.old_snapshot(), reembed.old_snapshot('2 seconds'));
    -- A snapshot that has lasted ten seconds may last for hours, so the backfill does not wait for it and writes in plain order.
    RETURN QUERY SELECT 'old snapshot', CASE WHEN reembed.old_snapshot() IS NULL THEN 'slows' ELSE 'none' END,
                        v_name || ': until it ends, updates cannot reuse space in their pages and add an entry to every index'
                  WHERE v_name IS NOT NULL;
  END IF;
END;
$$;
COMMENT ON FUNCTION reembed.throttle_signals IS 'Signals that now stop the backfill of a target or slow it down; effect none: only shown.';
