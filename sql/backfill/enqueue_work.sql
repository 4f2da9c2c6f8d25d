-- Every worker calls this repeatedly: each open entry of the ledger gets a job, even if the queue lost one.
CREATE OR REPLACE FUNCTION reembed.enqueue_work() RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_batch_api_is_served constant boolean := reembed.batch_api_is_served();
BEGIN
  -- The next thousand batches of each campaign: enough for any number of workers, at a constant cost for any table size.
  PERFORM reembed.enqueue('reembed-batch', b.campaign || '/' || b.id, jsonb_build_object('campaign', b.campaign, 'batch', b.id))
     FROM reembed.campaign AS m
     JOIN reembed.setting AS s ON s.target = m.target AND NOT s.paused,
     -- Leaves out batches that are, or will be, at the batch API.
     LATERAL ((SELECT n.campaign, n.id FROM reembed.batch AS n
                WHERE n.campaign = m.name AND n.state = 'pending' AND n.provider_batch IS NULL AND NOT v_batch_api_is_served ORDER BY n.id LIMIT 1000)
              UNION
              (SELECT n.campaign, n.id FROM reembed.batch AS n
                WHERE n.campaign = m.name AND n.state = 'pending' AND n.came_back AND n.provider_batch IS NULL ORDER BY n.id LIMIT 1000)) AS b
    WHERE NOT EXISTS (SELECT FROM reembed_queue.job AS j
                       WHERE j.name = 'reembed-batch' AND j.singleton_key = b.campaign || '/' || b.id AND j.state <= 'active')
    ORDER BY b.campaign, b.id;

  -- A lane without a change among the first thousand gets its job once those are served. Lane 0 also sweeps the table.
  PERFORM reembed.enqueue('reembed-catch-up', w.target || '/' || w.lane, jsonb_build_object('target', w.target, 'lane', w.lane))
     FROM (SELECT DISTINCT s.target, reembed.change_lane(n.seq) AS lane
             FROM reembed.setting AS s, LATERAL (SELECT c.seq FROM reembed.change AS c WHERE c.target = s.target LIMIT 1000) AS n
            WHERE NOT s.paused
           UNION
           SELECT s.target, 0
             FROM reembed.setting AS s JOIN reembed.campaign AS m ON m.target = s.target
            WHERE NOT s.paused AND (m.phase = 'backfill' AND reembed.needs_sweep(m.name) OR m.needs_old_sweep)) AS w;

  PERFORM reembed.enqueue('reembed-provider-batch', p.id::text, jsonb_build_object('id', p.id))
     FROM reembed.provider_batch AS p
    WHERE p.state <> 'settled' AND p.next_check_at <= clock_timestamp()
      AND (p.state = 'abandoned'
           OR NOT EXISTS (SELECT FROM reembed.campaign AS m JOIN reembed.setting AS s ON s.target = m.target WHERE m.name = p.campaign AND s.paused));
END;
$$;
COMMENT ON FUNCTION reembed.enqueue_work IS 'Enqueues a job for every open batch, every target with changes and every provider batch that is due for a check.';
