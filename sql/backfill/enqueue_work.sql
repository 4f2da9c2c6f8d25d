-- Called by every worker again and again: whatever the ledger says is open gets a job, also when the queue lost one.
CREATE OR REPLACE FUNCTION reembed.enqueue_work() RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM reembed.enqueue('reembed-batch', b.migration || '/' || b.id, jsonb_build_object('migration', b.migration, 'batch', b.id))
     FROM reembed.batch AS b
     JOIN reembed.migration AS m ON m.name = b.migration
     JOIN reembed.setting AS s ON s.target = m.target
    WHERE b.state = 'pending' AND NOT s.paused
      AND NOT EXISTS (SELECT FROM reembed_queue.job AS j
                       WHERE j.name = 'reembed-batch' AND j.singleton_key = b.migration || '/' || b.id AND j.state <= 'active')
    ORDER BY b.migration, b.id;

  PERFORM reembed.enqueue('reembed-catch-up', s.target, jsonb_build_object('target', s.target))
     FROM reembed.setting AS s
    WHERE NOT s.paused
      AND (EXISTS (SELECT FROM reembed.stale_row AS r WHERE r.target = s.target)
           OR EXISTS (SELECT FROM reembed.migration AS m WHERE m.target = s.target AND m.phase = 'backfill' AND reembed.needs_sweep(m.name)));
END;
$$;
COMMENT ON FUNCTION reembed.enqueue_work IS 'Gives a job to every open batch and to every target with changed rows.';
