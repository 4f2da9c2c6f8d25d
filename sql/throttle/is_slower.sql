-- Ignores a few milliseconds as noise.
CREATE OR REPLACE FUNCTION reembed.is_slower(p_new_ms double precision, p_old_ms double precision, p_max_ratio numeric) RETURNS boolean
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
RETURN p_new_ms > greatest(p_max_ratio * p_old_ms, p_old_ms + 10);
COMMENT ON FUNCTION reembed.is_slower IS 'Whether searches with the new model take longer than setting.max_latency_ratio allows, and by more than 10 ms.';
