CREATE FUNCTION reembed.key_{n}_{suffix}(r {table}) RETURNS {type}
{value};
COMMENT ON FUNCTION reembed.key_{n}_{suffix} IS 'pg-reembed: part {n} of the key of a row.';
