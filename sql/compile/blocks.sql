CREATE OR REPLACE FUNCTION reembed.blocks(p_relation regclass) RETURNS bigint
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
RETURN pg_relation_size(p_relation) / current_setting('block_size')::bigint;
COMMENT ON FUNCTION reembed.blocks IS 'Present number of blocks of a table.';
