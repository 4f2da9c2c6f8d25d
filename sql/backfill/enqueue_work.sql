-- Called by every worker again and again: whatever the ledger says is open gets a job, also when the queue lost one.
CREATE OR REPLACE FUNCTION reembed.enqueue_work() RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  -- The next thousand of each campaign: enough for any number of workers, and the same little work for any size of table.
  PERFORM reembed.enqueue('reembed-batch', b.migration || '/' || b.id, jsonb_build_object('migration', b.migration, 'batch', b.id))
     FROM reembed.migration AS m
     JOIN reembed.setting AS s ON s.target = m.target AND NOT s.paused,
     LATERAL (SELECT n.migration, n.id FROM reembed.batch AS n WHERE n.migration = m.name AND n.state = 'pending' ORDER BY n.id LIMIT 1000) AS b
    WHERE NOT EXISTS (SELECT FROM reembed_queue.job AS j
                       WHERE j.name = 'reembed-batch' AND j.singleton_key = b.migration || '/' || b.id AND j.state <= 'active')
    ORDER BY b.migration, b.id;

  PERFORM reembed.enqueue('reembed-catch-up', s.target, jsonb_build_object('target', s.target))
     FROM reembed.setting AS s
    WHERE NOT s.paused
      AND (EXISTS (SELECT FROM reembed.stale_row AS r WHERE r.target = s.target)
           OR EXISTS (SELECT FROM reembed.migration AS m WHERE m.target = s.target AND (m.phase = 'backfill' AND reembed.needs_sweep(m.name) OR m.needs_old_sweep)));
END;
$$;
COMMENT ON FUNCTION reembed.enqueue_work IS 'Gives a job to every open batch and to every target with changed rows.';
