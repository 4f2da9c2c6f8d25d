-- Every worker calls this repeatedly: each open entry of the ledger gets a job, even if the queue lost one.
CREATE OR REPLACE FUNCTION reembed.enqueue_work() RETURNS SETOF text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  -- The next thousand batches of each campaign: enough for any number of workers, at a constant cost for any table size.
  PERFORM reembed.enqueue('batch_' || t.suffix, b.campaign || '/' || b.id, jsonb_build_object('campaign', b.campaign, 'batch', b.id))
     FROM reembed.campaign AS m
     JOIN reembed.target AS t ON t.name = m.target
     JOIN reembed.setting AS s ON s.target = m.target AND NOT s.paused,
     -- Leaves out batches that are, or will be, at the batch API.
     LATERAL (SELECT reembed.batch_api_is_served(m.target) AS is_served) AS a,
     LATERAL ((SELECT n.campaign, n.id FROM reembed.batch AS n
                WHERE n.campaign = m.name AND n.state = 'pending' AND n.provider_batch IS NULL AND NOT a.is_served ORDER BY n.id LIMIT 1000)
              UNION
              (SELECT n.campaign, n.id FROM reembed.batch AS n
                WHERE n.campaign = m.name AND n.state = 'pending' AND n.came_back AND n.provider_batch IS NULL ORDER BY n.id LIMIT 1000)) AS b
    WHERE NOT EXISTS (SELECT FROM reembed_queue.job AS j
                       WHERE j.name = 'batch_' || t.suffix AND j.singleton_key = b.campaign || '/' || b.id AND j.state <= 'active')
    ORDER BY b.campaign, b.id;

  PERFORM reembed.log_wanted(s.target) FROM reembed.setting AS s WHERE NOT s.paused AND EXISTS (SELECT FROM reembed.wanted_row AS n WHERE n.target = s.target);

  -- A lane without a change among the first thousand gets its job once those are served. Lane 0 also sweeps the table.
  PERFORM reembed.enqueue('catch_up_' || t.suffix, w.lane::text, jsonb_build_object('target', w.target, 'lane', w.lane))
     FROM (SELECT DISTINCT s.target, reembed.change_lane(n.seq) AS lane
             FROM reembed.setting AS s, LATERAL (SELECT c.seq FROM reembed.change AS c WHERE c.target = s.target LIMIT 1000) AS n
            WHERE NOT s.paused
           UNION
           SELECT s.target, 0
             FROM reembed.setting AS s JOIN reembed.campaign AS m ON m.target = s.target
            WHERE NOT s.paused AND (m.phase = 'backfill' AND reembed.needs_sweep(m.name) OR m.needs_old_sweep)
           UNION
           SELECT s.target, 0 FROM reembed.setting AS s JOIN reembed.leaf AS l ON l.target = s.target WHERE NOT s.paused AND l.swept_at IS NULL) AS w
     JOIN reembed.target AS t ON t.name = w.target;

  PERFORM reembed.enqueue('provider_batch_' || t.suffix, p.id::text, jsonb_build_object('id', p.id))
     FROM reembed.provider_batch AS p
     JOIN reembed.campaign AS m ON m.name = p.campaign
     JOIN reembed.target AS t ON t.name = m.target
     JOIN reembed.setting AS s ON s.target = m.target AND NOT s.paused
    WHERE p.state IN ('submitting', 'submitted') AND p.next_check_at <= clock_timestamp();
  -- Their campaign, or even their target, may be gone.
  PERFORM reembed.enqueue('reembed-abandoned', p.id::text, jsonb_build_object('id', p.id))
     FROM reembed.provider_batch AS p WHERE p.state = 'abandoned' AND p.next_check_at <= clock_timestamp();

  RETURN QUERY SELECT t.name FROM reembed.target AS t
   WHERE EXISTS (SELECT FROM reembed_queue.job AS j
                  WHERE j.name IN ('batch_' || t.suffix, 'catch_up_' || t.suffix, 'provider_batch_' || t.suffix, 'watch_' || t.suffix) AND j.state < 'active' AND NOT j.blocked);
END;
$$;
COMMENT ON FUNCTION reembed.enqueue_work IS 'Enqueues a job for every open batch, every target with changes and every provider batch that is due for a check. Returns the targets that have jobs waiting.';
