-- Row by row, by the key: PostgreSQL cannot estimate the number of keys, and a join might read the whole table for a few.
CREATE FUNCTION reembed.lacking_{suffix}(p_keys jsonb[]) RETURNS SETOF jsonb
LANGUAGE sql STABLE SECURITY DEFINER {key_settings} SET row_security = off
BEGIN ATOMIC
  SELECT f.key
    FROM (SELECT {keys_of_object} FROM unnest(p_keys) AS i(object)) AS i
   CROSS JOIN LATERAL (SELECT {r_key_json} AS key, r.content FROM {row} AS r WHERE {r_is_i} AND r.new_vector IS NULL OFFSET 0) AS f
   WHERE reembed.has_text(f.content);
END;
COMMENT ON FUNCTION reembed.lacking_{suffix} IS 'pg-reembed: those of the keys whose rows exist, have a text and lack a new vector.';
