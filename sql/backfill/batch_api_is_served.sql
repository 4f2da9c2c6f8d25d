CREATE OR REPLACE FUNCTION reembed.batch_api_is_served(p_target text) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT EXISTS (SELECT FROM reembed.worker AS w WHERE w.batch_api AND reembed.works_for(w, p_target))
$$;
COMMENT ON FUNCTION reembed.batch_api_is_served IS 'Whether a live worker sends the backfill of the target to the batch API; the other workers then leave new batches to it.';
