-- Copies the options of the queue to the job, as pg-boss does when it sends one.
CREATE OR REPLACE FUNCTION reembed.enqueue(p_queue text, p_singleton_key text, p_data jsonb) RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  INSERT INTO reembed_queue.job (name, data, singleton_key, policy, retry_limit, retry_delay, retry_backoff, retry_delay_max,
                                 expire_seconds, deletion_seconds, keep_until, dead_letter, heartbeat_seconds)
  SELECT q.name, p_data, p_singleton_key, q.policy, q.retry_limit, q.retry_delay, q.retry_backoff, q.retry_delay_max,
         q.expire_seconds, q.deletion_seconds, now() + make_interval(secs => q.retention_seconds), q.dead_letter, q.heartbeat_seconds
    FROM reembed_queue.queue AS q
   WHERE q.name = p_queue
  ON CONFLICT DO NOTHING;
$$;
COMMENT ON FUNCTION reembed.enqueue IS 'Adds a job to a queue unless a job with the same key is already waiting or active.';
