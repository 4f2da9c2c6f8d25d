CREATE OR REPLACE FUNCTION reembed.drop_queues(p_target text) RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT reembed_queue.delete_queue(kind || '_' || t.suffix)
    FROM reembed.target AS t, unnest(ARRAY['batch', 'catch_up', 'provider_batch', 'watch']) AS kind WHERE t.name = p_target
$$;
COMMENT ON FUNCTION reembed.drop_queues IS 'Drops the queues of a target with their jobs.';
