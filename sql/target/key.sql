CREATE FUNCTION reembed.key_{n}_{suffix}(r {table}) RETURNS {type}
{key_begin}(r).{column}{key_end};
COMMENT ON FUNCTION reembed.key_{n}_{suffix} IS 'pg-reembed: part {n} of the key of a row.';
