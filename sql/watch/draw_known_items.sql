CREATE OR REPLACE FUNCTION reembed.draw_known_items(p_target text) RETURNS TABLE (key text, content text, text_hash bigint)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v_rows integer;
  v_max_bytes bigint;
BEGIN
  SELECT s.known_items, s.max_text_bytes INTO v_rows, v_max_bytes
    FROM reembed.setting AS s JOIN reembed.campaign AS m ON m.target = s.target AND m.phase IN ('index', 'switch')
   WHERE s.target = p_target
     -- An alert about known items could not close if the checks stopped.
     AND (s.canary_percent > 0 OR s.shadow_percent > 0 OR s.read_model = m.to_model
          OR EXISTS (SELECT FROM reembed.alert AS a WHERE a.target = s.target AND a.closed_at IS NULL AND a.kind IN ('known_items', 'old_known_items', 'overlap', 'provider')));
  IF coalesce(v_rows, 0) > 0 THEN
    RETURN QUERY EXECUTE reembed.render('SELECT * FROM reembed.sample_{suffix}($1, $2)', (SELECT to_jsonb(t) FROM reembed.target AS t WHERE t.name = p_target)) USING v_rows, v_max_bytes;
  END IF;
END;
$$;
COMMENT ON FUNCTION reembed.draw_known_items IS 'Some random rows with both vectors, to be searched for by their own text; none while the new model is not read.';
