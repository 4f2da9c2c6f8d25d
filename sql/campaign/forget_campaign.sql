CREATE OR REPLACE FUNCTION reembed.forget_campaign(p_name text) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET lock_timeout = '300ms'
AS $$
DECLARE
  m reembed.campaign;
  t reembed.target;
BEGIN
  SELECT * INTO STRICT m FROM reembed.campaign WHERE name = p_name;
  SELECT * INTO STRICT t FROM reembed.target WHERE name = m.target;
  IF m.phase <> 'expand' THEN
    RAISE EXCEPTION 'campaign % is in phase %, not expand', p_name, m.phase USING ERRCODE = 'RE001', HINT = 'Take the later phases down first: npm run migrate down';
  END IF;
  PERFORM reembed.drop_view(m.target, reembed.model_view_name(m.target, m.to_model));
  PERFORM reembed.drop_schema_views(t.relation, coalesce(m.to_relation, t.relation), m.to_attnum);
  DELETE FROM reembed.failed_row WHERE target = m.target AND model = m.to_model;
  DELETE FROM reembed.acceptance WHERE campaign = p_name;

  IF EXISTS (SELECT FROM reembed.campaign WHERE target = m.target AND name <> p_name) THEN
    IF m.previous_source -> 'joined_tables' IS DISTINCT FROM to_jsonb(t) -> 'joined_tables' THEN
      PERFORM reembed.end_joins(m.target);
    END IF;
    -- The old model becomes the new model of the campaign before, also in waiting changes. The lock keeps writes from adding changes meanwhile.
    PERFORM reembed.lock_writes(t.relation);
    PERFORM reembed.shift_changes(m.target, false);
    DELETE FROM reembed.campaign WHERE name = p_name;
    UPDATE reembed.target AS g
       SET key_attnums = s.key_attnums, key_names = s.key_names, text_attnums = s.text_attnums, text_names = s.text_names, text_sql = s.text_sql, is_expression = s.is_expression,
           joined_tables = s.joined_tables
      FROM jsonb_populate_record(NULL::reembed.target, m.previous_source) AS s WHERE g.name = m.target;
    PERFORM reembed.compile_target(m.target);
    PERFORM reembed.refresh_serving(m.target);
    -- The views are not replaced: they read the old model already, and would include the new columns as the user's own.
    PERFORM reembed.replace_nearest(m.target, w.view, m.from_model) FROM unnest(ARRAY[t.live_view, reembed.model_view_name(m.target, m.from_model)]) AS w(view);
  ELSE
    PERFORM reembed.drop_view(m.target, reembed.model_view_name(m.target, m.from_model));
    PERFORM reembed.drop_view(m.target, t.live_view);
    DELETE FROM reembed.campaign WHERE name = p_name;
    PERFORM reembed.forget_target(m.target);
  END IF;
  DELETE FROM reembed.model AS o
   WHERE o.name IN (m.from_model, m.to_model)
     AND NOT EXISTS (SELECT FROM reembed.campaign WHERE o.name IN (from_model, to_model));
  INSERT INTO reembed.event (target, campaign, kind, from_value) VALUES (m.target, p_name, 'phase', 'expand');
END;
$$;
COMMENT ON FUNCTION reembed.forget_campaign IS 'Leaves phase expand: drops views, triggers and rows of a campaign; the migration file drops the columns.';
