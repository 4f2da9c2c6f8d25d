CREATE OR REPLACE FUNCTION reembed.draw_bridge_items(p_target text) RETURNS TABLE (key text, content text, query_map bytea)
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  v record;
BEGIN
  SELECT b.query_map, s.known_items, s.max_text_bytes, to_jsonb(t) AS target INTO v
    FROM reembed.campaign AS m
    JOIN reembed.bridge AS b ON b.campaign = m.name
    JOIN reembed.setting AS s ON s.target = m.target
    JOIN reembed.target AS t ON t.name = m.target
   WHERE m.target = p_target AND m.phase IN ('expand', 'backfill', 'index') AND s.read_model = m.from_model AND s.known_items > 0
     AND NOT EXISTS (SELECT FROM reembed.bridge_gate(m.name));
  IF FOUND THEN
    RETURN QUERY EXECUTE reembed.render('SELECT s.key, s.content, $3 FROM reembed.sample_{suffix}($1, $2) AS s', v.target)
      USING v.known_items, v.max_text_bytes::bigint, v.query_map;
  END IF;
END;
$$;
COMMENT ON FUNCTION reembed.draw_bridge_items IS 'Some random rows with both vectors, to be searched for by their own text through the bridge, with its map; none while no bridge serves.';
