CREATE OR REPLACE FUNCTION reembed.batch_api_is_served() RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
RETURN EXISTS (SELECT FROM reembed.worker AS w WHERE w.batch_api AND w.seen_at > now() - interval '30 seconds');
COMMENT ON FUNCTION reembed.batch_api_is_served IS 'Whether a live worker sends the backfill to the batch API; the other workers then leave new batches to it.';
