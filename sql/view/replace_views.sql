CREATE OR REPLACE FUNCTION reembed.replace_views(p_target text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
AS $$
DECLARE
  v reembed.vector_column;
  t reembed.target;
BEGIN
  UPDATE reembed.target SET view_columns = reembed.view_columns(name) WHERE name = p_target RETURNING * INTO STRICT t;
  -- Locks the views in the order in which a search over a bridge does. Otherwise each would hold what the other waits for, and a switch could fail under searches.
  FOR v IN SELECT * FROM reembed.vector_column WHERE target = p_target AND column_name IS NOT NULL ORDER BY role = 'new' LOOP
    PERFORM reembed.replace_view(p_target, reembed.model_view_name(p_target, v.model), v.model);
    IF v.is_read THEN
      PERFORM reembed.replace_view(p_target, t.live_view, v.model);
    END IF;
  END LOOP;
  PERFORM reembed.replace_schema_views(t.relation);
  PERFORM reembed.share_side_tables(p_target);
  PERFORM reembed.replace_bridge(b.campaign) FROM reembed.bridge AS b JOIN reembed.campaign AS m ON m.name = b.campaign WHERE m.target = p_target;
  PERFORM reembed.refresh_serving(p_target);
END;
$$;
COMMENT ON FUNCTION reembed.replace_views IS 'Updates the live view, the view of each model, and those with the table''s own name, to the settings and the phase.';
