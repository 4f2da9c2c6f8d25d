CREATE OR REPLACE FUNCTION reembed.capture_suffix(p_target text) RETURNS text
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
RETURN left(regexp_replace(lower(p_target), '[^a-z0-9]+', '_', 'g'), 36) || '_' || left(md5(p_target), 6);
COMMENT ON FUNCTION reembed.capture_suffix IS 'Ending of the names of a target''s own trigger functions.';
