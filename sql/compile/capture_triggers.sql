-- SECURITY DEFINER and open to PUBLIC, like model_view_name(): roles that may read reembed.health may not read the tables of pg-reembed.
CREATE OR REPLACE FUNCTION reembed.capture_triggers(p_target text) RETURNS TABLE (relation regclass, name name)
LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT r.relation, format('zz_reembed_%s_%s', w.event, t.suffix)::name
    FROM reembed.target AS t
   CROSS JOIN (VALUES ('insert', false, true), ('update', false, true), ('move', true, true), ('delete', false, false), ('truncate', false, false)) AS w(event, of_partitions, of_columns)
   -- A partition has the row triggers of its parent, but a statement trigger of its own.
   CROSS JOIN LATERAL (SELECT t.relation WHERE w.event <> 'truncate' UNION ALL SELECT l.leaf FROM reembed.leaves(t.relation) AS l WHERE w.event = 'truncate') AS r
   WHERE t.name = p_target AND t.unhooked IS NULL AND reembed.is_captured(t.name)
     AND (NOT w.of_partitions OR reembed.is_partitioned(t.relation))
     AND (w.of_columns OR EXISTS (SELECT FROM reembed.vector_column AS v WHERE v.target = t.name AND v.storage = 'side_table'))
  UNION ALL
  SELECT t.relation, format('zz_reembed_written_%s', t.suffix)::name
    FROM reembed.target AS t
   WHERE t.name = p_target AND t.unhooked IS NULL AND reembed.is_captured(t.name) AND reembed.application_column(t.name) IS NOT NULL
$$;
COMMENT ON FUNCTION reembed.capture_triggers IS 'The capture triggers that a target must have in its present phase, and their tables.';
