-- Queues of its own for each target: its jobs wait only for its own provider, and a worker may serve some targets and not others.
CREATE OR REPLACE FUNCTION reembed.make_queues(p_target text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_suffix constant name := (SELECT suffix FROM reembed.target WHERE name = p_target);
  -- exclusive: one queued or active job for each key, so enqueueing twice has no effect.
  v_work constant jsonb := '{"policy": "exclusive", "retryLimit": 1000, "retryDelay": 2, "retryBackoff": true, "retentionSeconds": 31536000, "heartbeatSeconds": 10, "deadLetter": "reembed-dead"}';
BEGIN
  PERFORM reembed_queue.create_queue('batch_' || v_suffix, v_work || '{"retryDelayMax": 300, "expireInSeconds": 3600, "deleteAfterSeconds": 86400}');
  PERFORM reembed_queue.create_queue('catch_up_' || v_suffix, v_work || '{"retryDelayMax": 60, "expireInSeconds": 3600, "deleteAfterSeconds": 3600}');
  PERFORM reembed_queue.create_queue('provider_batch_' || v_suffix, v_work || '{"retryDelayMax": 60, "expireInSeconds": 14400, "deleteAfterSeconds": 3600}');
  -- One watch at a time. A failed one is not retried, because the next one starts within a minute.
  PERFORM reembed_queue.create_queue('watch_' || v_suffix, '{"policy": "exclusive", "retryLimit": 0, "expireInSeconds": 7200, "retentionSeconds": 86400, "deleteAfterSeconds": 3600, "heartbeatSeconds": 10}');
  INSERT INTO reembed_queue.schedule (name, cron, timezone, options) VALUES ('watch_' || v_suffix, '* * * * *', 'UTC', '{}') ON CONFLICT DO NOTHING;
END;
$$;
COMMENT ON FUNCTION reembed.make_queues IS 'Creates the queues of a target, each with its suffix: batch_…, catch_up_…, provider_batch_… and watch_…, which has a job every minute.';
