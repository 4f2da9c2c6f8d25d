CREATE OR REPLACE FUNCTION reembed.works_for(p_worker reembed.worker, p_target text) RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
RETURN (p_worker).seen_at > now() - interval '30 seconds' AND coalesce((p_worker).target = p_target, true);
COMMENT ON FUNCTION reembed.works_for IS 'Whether a worker is alive and works for the target.';
