CREATE FUNCTION reembed.join_value_{n}_{k}_{suffix}(r {joined}) RETURNS {type}
{value_begin}(r).{column}{value_end};
COMMENT ON FUNCTION reembed.join_value_{n}_{k}_{suffix} IS 'pg-reembed: value {k} by which a row of joined table {n} is found.';
