CREATE FUNCTION reembed.join_value_{n}_{place}_{suffix}(r {relation}) RETURNS {type}
{value};
COMMENT ON FUNCTION reembed.join_value_{n}_{place}_{suffix} IS 'pg-reembed: value {place} by which a row of joined table {n} is found.';
