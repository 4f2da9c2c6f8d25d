-- Rows whose text or vector is no longer what the application wrote prove nothing. With other dimensions before contract there is nothing to compare.
CREATE OR REPLACE FUNCTION reembed.draw_written(p_target text, p_rows integer) RETURNS TABLE (id bigint, content text, vector text)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_ids bigint[];
  v_keys jsonb[];
BEGIN
  SELECT array_agg(w.id), array_agg(w.key) INTO v_ids, v_keys
    FROM (SELECT o.id, o.key FROM reembed.written_vector AS o
            JOIN reembed.vector_column AS v ON v.target = o.target AND v.role = 'new' JOIN reembed.campaign AS m ON m.name = v.campaign
           WHERE o.target = p_target AND o.audited_at IS NULL AND (m.phase = 'contract' OR reembed.has_equal_dimensions(m.name))
           ORDER BY o.id DESC LIMIT p_rows) AS w;
  IF v_ids IS NULL THEN
    RETURN;
  END IF;
  RETURN QUERY EXECUTE reembed.render(
    'WITH found AS MATERIALIZED (
       SELECT w.id, f.content, f.vector
         FROM reembed.written_vector AS w JOIN reembed.written_{suffix}($2, $3) AS f ON f.key = w.key AND f.text_hash = w.text_hash WHERE w.id = ANY ($1)
     ), gone AS (
       DELETE FROM reembed.written_vector AS w WHERE w.id = ANY ($1) AND w.id NOT IN (SELECT f.id FROM found AS f)
     )
     SELECT f.id, f.content, f.vector FROM found AS f', (SELECT to_jsonb(t) FROM reembed.target AS t WHERE t.name = p_target))
    USING v_ids, v_keys, (SELECT s.max_text_bytes::bigint FROM reembed.setting AS s WHERE s.target = p_target);
END;
$$;
COMMENT ON FUNCTION reembed.draw_written IS 'The newest rows with vectors that the application wrote and that have not been audited, each with its text and vector.';
