CREATE OR REPLACE FUNCTION reembed.archive_name(p_name text) RETURNS name
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
RETURN ('archive_' || left(regexp_replace(p_name, '[^a-z0-9]+', '_', 'g'), 40) || '_' || left(md5(p_name), 6))::name;
COMMENT ON FUNCTION reembed.archive_name IS 'Name of the table in schema reembed that keeps the old vectors of a campaign after contract.';
