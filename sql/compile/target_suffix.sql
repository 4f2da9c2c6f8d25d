CREATE OR REPLACE FUNCTION reembed.target_suffix(p_target text) RETURNS name
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
RETURN (left(regexp_replace(lower(p_target), '[^a-z0-9]+', '_', 'g'), 30) || '_' || left(md5(p_target), 6))::name;
COMMENT ON FUNCTION reembed.target_suffix IS 'Suffix of the names of the objects of a target, at most 37 bytes.';
