-- Named zz_ to come after the application's own triggers, which may still change the text.
CREATE OR REPLACE FUNCTION reembed.capture_triggers(p_target text) RETURNS TABLE (name name, event text, trigger_function name)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT ('zz_reembed_' || w.what || '_' || left(t.column_name, 39))::name, w.event, (w.prefix || reembed.capture_suffix(t.name))::name
    FROM reembed.target AS t
    JOIN (VALUES ('note_insert', 'AFTER INSERT', 'note_', ARRAY[false, true]), ('note_update', 'AFTER UPDATE', 'note_', ARRAY[false, true]),
                 ('clear_stale', 'BEFORE UPDATE', 'clear_', ARRAY[false]),
                 ('note_delete', 'AFTER DELETE', 'follow_', ARRAY[true]), ('note_truncate', 'AFTER TRUNCATE', 'follow_', ARRAY[true]))
         AS w(what, event, prefix, is_side_table) ON true
   WHERE t.name = p_target
     AND EXISTS (SELECT FROM reembed.vector_column AS v WHERE v.target = t.name AND v.is_side_table = ANY (w.is_side_table))
$$;
COMMENT ON FUNCTION reembed.capture_triggers IS 'The triggers a target must have in the phase it is in.';
