-- PostgreSQL shows the details only to superusers, members of pg_read_all_stats and the role that runs the build.
CREATE OR REPLACE VIEW reembed.index_build AS
WITH build AS (
  SELECT p.pid, p.relid, c.relname AS index, p.phase, p.current_locker_pid, p.blocks_done, p.blocks_total, p.tuples_done, p.tuples_total
    FROM pg_stat_progress_create_index AS p
    JOIN pg_class AS c ON c.oid = p.index_relid
   WHERE p.datname = current_database()
  UNION ALL
  -- The build waits for its lock on the table before PostgreSQL reports any progress.
  SELECT l.pid, l.relation, i.name, 'waiting for a lock on the table', (pg_blocking_pids(l.pid))[1], 0, 0, 0, 0
    FROM pg_locks AS l
    JOIN pg_stat_activity AS a ON a.pid = l.pid AND a.query ~* '\mCREATE\s+(UNIQUE\s+)?INDEX\s+CONCURRENTLY\M'
    CROSS JOIN LATERAL (
      SELECT p.name FROM reembed.planned_index AS p WHERE p.name IS NOT NULL
       UNION SELECT k.old_index ->> 'name' FROM reembed.campaign AS m CROSS JOIN jsonb_array_elements(m.old_column -> 'indexes') AS k(old_index)
    ) AS i
   WHERE NOT l.granted AND l.locktype = 'relation' AND l.database = (SELECT d.oid FROM pg_database AS d WHERE d.datname = current_database())
     AND position(i.name IN a.query) > 0
)
SELECT m.target,
       m.name AS campaign,
       b.index,
       b.pid,
       b.phase,
       -- During a wait the counts are still those of an earlier phase.
       CASE WHEN b.phase LIKE 'waiting%' THEN NULL
            WHEN b.blocks_total > 0 THEN round(100.0 * b.blocks_done / b.blocks_total, 1)
            WHEN b.tuples_total > 0 THEN round(100.0 * b.tuples_done / b.tuples_total, 1) END AS percent,
       b.blocks_done,
       b.blocks_total,
       b.tuples_done,
       b.tuples_total,
       CASE WHEN b.current_locker_pid > 0 AND b.phase LIKE 'waiting%'
            THEN format('process %s%s%s', b.current_locker_pid, ' (' || nullif(concat_ws(', ', nullif(w.application_name, ''), w.usename), '') || ')',
                        ', in transaction since ' || to_char(w.xact_start, 'YYYY-MM-DD HH24:MI:SS')) END AS waiting_for,
       a.query_start AS started_at,
       make_interval(secs => e.from_value::double precision) AS predicted
  FROM build AS b
  JOIN reembed.campaign AS m
    ON (EXISTS (SELECT FROM reembed.planned_index AS p WHERE p.campaign = m.name AND (p.name = b.index OR p.leaf = b.relid AND p.old_name = b.index)) OR m.old_column -> 'indexes' @> jsonb_build_array(jsonb_build_object('name', b.index)))
  JOIN reembed.target AS t ON t.name = m.target AND (b.relid IN (t.relation, m.to_relation, m.from_relation) OR EXISTS (SELECT FROM reembed.planned_index AS p WHERE p.campaign = m.name AND p.leaf = b.relid))
  LEFT JOIN pg_stat_activity AS a ON a.pid = b.pid
  LEFT JOIN pg_stat_activity AS w ON w.pid = b.current_locker_pid
  LEFT JOIN reembed.begun_index_build(m.name) AS e ON true;
COMMENT ON VIEW reembed.index_build IS 'Index builds of campaigns that are running, and what they wait for. PostgreSQL shows them to superusers, members of pg_read_all_stats and the role that runs the build.';
COMMENT ON COLUMN reembed.index_build.target IS 'Table and column.';
COMMENT ON COLUMN reembed.index_build.campaign IS 'Name of the campaign.';
COMMENT ON COLUMN reembed.index_build.index IS 'The index.';
COMMENT ON COLUMN reembed.index_build.pid IS 'Server process of the build; pg_cancel_backend(pid) ends it, and the next run starts over.';
COMMENT ON COLUMN reembed.index_build.phase IS 'Present phase of the build, as PostgreSQL and pgvector report it.';
COMMENT ON COLUMN reembed.index_build.percent IS 'Share of the present phase that is done; null in a phase without counts.';
COMMENT ON COLUMN reembed.index_build.blocks_done IS 'Blocks of the table read in the present phase.';
COMMENT ON COLUMN reembed.index_build.blocks_total IS 'Blocks to read in the present phase.';
COMMENT ON COLUMN reembed.index_build.tuples_done IS 'Rows written in the present phase (IVFFlat).';
COMMENT ON COLUMN reembed.index_build.tuples_total IS 'Rows to write in the present phase (IVFFlat).';
COMMENT ON COLUMN reembed.index_build.waiting_for IS 'The session whose transaction or lock the build waits for; it continues when that ends.';
COMMENT ON COLUMN reembed.index_build.started_at IS 'When the build started.';
COMMENT ON COLUMN reembed.index_build.predicted IS 'Predicted duration without waits, provided that the graph fits in memory; null where there is no prediction.';
