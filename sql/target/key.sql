CREATE FUNCTION reembed.key_{n}_{suffix}(r {table}) RETURNS {type}
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (r).{column};
