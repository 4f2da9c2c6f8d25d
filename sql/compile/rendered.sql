CREATE OR REPLACE FUNCTION reembed.rendered(p_target text) RETURNS TABLE (name text, body text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  t reembed.target;
  m reembed.campaign;
  v_names jsonb := reembed.target_names(p_target);
  v_roles constant text[] := ARRAY(SELECT v.role FROM reembed.vector_column AS v WHERE v.target = p_target AND v.column_name IS NOT NULL);
  v_has_both constant boolean := cardinality(v_roles) = 2;
  v_is_partitioned boolean;
  v_is_captured constant boolean := reembed.is_captured(p_target);
  v_owns_column boolean;
  v_is_joined boolean;
  v_has_side_table constant boolean := EXISTS (SELECT FROM reembed.vector_column AS v WHERE v.target = p_target AND v.storage = 'side_table');
BEGIN
  v_owns_column := reembed.application_column(p_target) IS NOT NULL;
  SELECT * INTO STRICT t FROM reembed.target AS g WHERE g.name = p_target;
  v_is_partitioned := reembed.is_partitioned(t.relation);
  v_is_joined := cardinality(t.joined_tables) > 0;
  SELECT g.* INTO m FROM reembed.campaign AS g JOIN reembed.vector_column AS v ON v.campaign = g.name AND v.role = 'new' WHERE v.target = p_target;
  v_names := v_names || reembed.archive_names(m.name) || '{"logs_late": ""}';
  IF m.moving IS NOT NULL THEN
    v_names := v_names || reembed.move_names(m.name, v_names);
  END IF;
  RETURN QUERY
    SELECT w.name, reembed.render(p.body, v_names || w.names)
      FROM (
        SELECT f.step, f.name, '{}'::jsonb AS names
          FROM (VALUES (10, 'text', t.is_expression), (11, 'row', true), (12, 'leaf_rows', v_is_partitioned), (12, 'join_fence', v_is_joined), (20, 'change', true), (21, 'settle', true), (31, 'capture', v_is_captured),
                       (31, 'capture_insert', v_is_captured AND NOT v_is_partitioned), (31, 'capture_moves', v_is_captured AND v_is_partitioned),
                       (32, 'triggers', v_is_captured), (32, 'triggers_moves', v_is_captured AND v_is_partitioned), (30, 'part', v_is_captured AND t.part <> ''), (33, 'capture_deletes', v_is_captured AND v_has_side_table),
                       (34, 'triggers_deletes', v_is_captured AND v_has_side_table), (35, 'capture_written', v_is_captured AND v_owns_column), (36, 'triggers_written', v_is_captured AND v_owns_column),
                       (40, 'read', true), (40, 'written', v_owns_column), (40, 'locate', true), (40, 'lacking', true), (41, 'coverage', true), (42, 'statement', true),
                       (43, 'watch', v_has_both), (44, 'checksum', v_has_both),
                       (60, 'archive_rows', m.moving IS NULL AND to_regclass(format('reembed.late_%s', t.suffix)) IS NOT NULL),
                       (62, 'move_log', m.moving IS NOT NULL), (63, 'move_into_column', m.moving IN ('into_column', 'from_archive')), (63, 'move_out_of_column', m.moving = 'out_of_column'),
                       (61, 'restore', m.phase = 'switch' AND m.archive IS NOT NULL AND m.from_relation IS NULL)) AS f(step, name, is_wanted)
         WHERE f.is_wanted
        UNION ALL
        SELECT s.step, s.name, j.names FROM reembed.join_names(p_target) AS j CROSS JOIN (VALUES (22, 'join_change', true), (23, 'join_expand', true), (31, 'join_capture', v_is_captured), (32, 'join_triggers', v_is_captured)) AS s(step, name, is_wanted) WHERE v_is_joined AND s.is_wanted
        UNION ALL
        SELECT 30, 'join_value', to_jsonb(c) || jsonb_build_object('value', reembed.row_value(c.relation, c.attnum)) FROM reembed.join_columns(p_target) AS c WHERE v_is_joined AND v_is_captured
        UNION ALL
        SELECT 30, 'key', k.names || jsonb_build_object('value', reembed.row_value(t.relation, t.key_attnums[k.n])) FROM reembed.key_names(p_target) AS k WHERE v_is_captured OR to_regclass(format('reembed.late_%s', t.suffix)) IS NOT NULL
        UNION ALL
        SELECT 35, 'triggers_truncate', jsonb_build_object('leaf', l.leaf::text) FROM reembed.leaves(t.relation) AS l WHERE v_is_captured AND v_has_side_table
        UNION ALL
        SELECT 50, s.name, reembed.role_names(v, v.role)
          FROM reembed.vector_column AS v CROSS JOIN LATERAL (VALUES ('store_' || v.storage), ('search')) AS s(name)
         WHERE v.target = p_target AND v.role = ANY (v_roles)) AS w
      JOIN reembed.template AS p ON p.name = w.name
     ORDER BY w.step, w.name;
END;
$$;
COMMENT ON FUNCTION reembed.rendered IS 'The SQL that compile_target() runs for a target, template by template.';
