-- SECURITY DEFINER and open to PUBLIC, like capture_triggers().
CREATE OR REPLACE FUNCTION reembed.join_damage(p_target text) RETURNS TABLE (code text, damage text, remedy text)
LANGUAGE sql STABLE SECURITY DEFINER ROWS 5
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
  WITH joined AS (
    SELECT t.name AS target, t.suffix, t.unhooked IS NULL AS is_hooked, j.n, j.relation, c.oid AS present
      FROM reembed.target AS t CROSS JOIN LATERAL unnest(t.joined_tables) WITH ORDINALITY AS j(relation, alias, attnums, names, key_attnums, of_position, of_attnums, n)
      LEFT JOIN pg_class AS c ON c.oid = j.relation
     WHERE t.name = p_target
  )
  SELECT 'dropped_joined_table', format('joined table number %s of its text was dropped', j.n), format('SELECT reembed.forget(%L)', j.target) FROM joined AS j WHERE j.present IS NULL
  UNION ALL
  SELECT 'no_join_trigger', format('trigger %s on %s is missing, disabled or not ALWAYS: changes of its text are not captured', w.name, j.relation), format('SELECT reembed.rehook(%L)', j.target)
    FROM joined AS j CROSS JOIN LATERAL (SELECT format('zz_reembed_join_%s_%s_%s', e.event, j.n, j.suffix)::name AS name FROM unnest(ARRAY['insert', 'update', 'delete', 'truncate']) AS e(event)) AS w
   WHERE j.present IS NOT NULL AND j.is_hooked AND reembed.is_captured(j.target)
     AND NOT EXISTS (SELECT FROM pg_trigger AS g WHERE g.tgrelid = j.relation AND g.tgname = w.name AND g.tgenabled = 'A')
  UNION ALL
  SELECT f.refusal, f.reason, f.remedy
    FROM reembed.target AS t CROSS JOIN LATERAL reembed.join_facts(t.relation, reembed.present_joins(t.name)) AS f
   WHERE t.name = p_target AND f.refusal IN ('join_not_unique', 'join_no_usage', 'join_no_select', 'join_row_security')
     AND EXISTS (SELECT FROM pg_class AS c WHERE c.oid = t.relation)
$$;
COMMENT ON FUNCTION reembed.join_damage IS 'What is broken of the tables that a target''s text is joined from.';
