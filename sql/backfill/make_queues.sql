-- Queues of its own for each target: its jobs wait only for its own provider, and a worker may serve some targets and not others.
CREATE OR REPLACE FUNCTION reembed.make_queues(p_target text) RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT reembed_queue.create_queue(q.kind || '_' || t.suffix, q.options || jsonb_build_object(
           -- exclusive: one queued or active job for each key, so enqueueing twice has no effect.
           'policy', 'exclusive', 'retryLimit', 1000, 'retryDelay', 2, 'retryBackoff', true, 'retentionSeconds', 31536000, 'heartbeatSeconds', 10, 'deadLetter', 'reembed-dead'))
    FROM reembed.target AS t, (VALUES
      ('batch', jsonb_build_object('retryDelayMax', 300, 'expireInSeconds', 3600, 'deleteAfterSeconds', 86400)),
      ('catch_up', jsonb_build_object('retryDelayMax', 60, 'expireInSeconds', 3600, 'deleteAfterSeconds', 3600)),
      ('provider_batch', jsonb_build_object('retryDelayMax', 60, 'expireInSeconds', 14400, 'deleteAfterSeconds', 3600))) AS q(kind, options)
   WHERE t.name = p_target
$$;
COMMENT ON FUNCTION reembed.make_queues IS 'Creates the queues of a target: batch_…, catch_up_… and provider_batch_…, with its suffix.';
