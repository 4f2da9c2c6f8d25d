CREATE OR REPLACE FUNCTION reembed.place(p_block bigint) RETURNS tid
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
RETURN format('(%s,0)', least(p_block, 4294967294))::tid;
COMMENT ON FUNCTION reembed.place IS 'The position (ctid) before the first row of a block.';
