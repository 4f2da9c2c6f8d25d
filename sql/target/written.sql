-- A row whose text changed since, or waits for a vector, no longer has what the application wrote.
CREATE FUNCTION reembed.written_{suffix}(p_keys jsonb[], p_max_bytes bigint) RETURNS TABLE (key jsonb, content text, text_hash bigint, vector text)
LANGUAGE sql STABLE SECURITY DEFINER {key_settings} SET row_security = off
BEGIN ATOMIC
  SELECT h.key, h.content, reembed.text_hash(h.content), h.vector
    FROM (SELECT {r_key_json} AS key, r.content || '' AS content, r.{own_role}_vector::text AS vector
            FROM (SELECT {keys_of_object} FROM unnest(p_keys) AS i(object)) AS i JOIN {row} AS r ON {r_is_i}
           WHERE r.source_bytes <= p_max_bytes AND r.{own_role}_vector IS NOT NULL AND NOT EXISTS (SELECT FROM {change} AS c WHERE {r_is_c}) OFFSET 0) AS h
   WHERE reembed.has_text(h.content) AND octet_length(h.content) <= p_max_bytes;
END;
COMMENT ON FUNCTION reembed.written_{suffix} IS 'pg-reembed: text and vector of rows into which the application wrote vectors of its own.';
