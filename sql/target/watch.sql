-- Samples a few dozen pages of the table. Prefers short texts, because they are paid for every minute.
CREATE FUNCTION reembed.sample_{suffix}(p_rows integer, p_max_bytes bigint) RETURNS TABLE (key text, content text, text_hash bigint)
LANGUAGE sql VOLATILE SECURITY DEFINER {key_settings} SET row_security = off
BEGIN ATOMIC
  SELECT h.key::text, h.content, reembed.text_hash(h.content)
    FROM (SELECT {r_key_json} AS key, r.content || '' AS content
            FROM (SELECT t.tableoid::regclass AS leaf, t.ctid AS place FROM {table} AS t TABLESAMPLE SYSTEM (least(100, 5000.0 * current_setting('block_size')::integer / greatest(1, {table_bytes})))) AS p
            JOIN {row} AS r ON r.place = p.place AND r.leaf = p.leaf
           WHERE r.source_bytes <= p_max_bytes AND r.new_vector IS NOT NULL AND r.old_vector IS NOT NULL AND NOT EXISTS (SELECT FROM {change} AS c WHERE {r_is_c}) OFFSET 0) AS h
   WHERE reembed.has_text(h.content) AND octet_length(h.content) <= p_max_bytes
   ORDER BY length(h.content) > 2000, random() LIMIT p_rows;
END;
COMMENT ON FUNCTION reembed.sample_{suffix} IS 'pg-reembed: some random rows with both vectors, to be searched for by their own text.';
