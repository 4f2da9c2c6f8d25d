-- SECURITY DEFINER and open to PUBLIC, like model_view_name(): roles that may read reembed.health may not read the tables of pg-reembed.
CREATE OR REPLACE FUNCTION reembed.capture_triggers(p_target text) RETURNS TABLE (name name)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT format('zz_reembed_%s_%s', w.event, t.suffix)::name
    FROM reembed.target AS t
   CROSS JOIN (VALUES ('insert', ARRAY['column', 'side_table']), ('update', ARRAY['column', 'side_table']), ('delete', ARRAY['side_table']), ('truncate', ARRAY['side_table'])) AS w(event, storages)
   WHERE t.name = p_target AND t.unhooked IS NULL AND reembed.is_captured(t.name)
     AND EXISTS (SELECT FROM reembed.vector_column AS v WHERE v.target = t.name AND v.storage = ANY (w.storages))
  UNION ALL
  SELECT format('zz_reembed_written_%s', t.suffix)::name
    FROM reembed.target AS t
   WHERE t.name = p_target AND t.unhooked IS NULL AND reembed.is_captured(t.name) AND reembed.application_column(t.name) IS NOT NULL
$$;
COMMENT ON FUNCTION reembed.capture_triggers IS 'The capture triggers that a target must have in its present phase.';
